//! Processes: fork, exec and exit.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;

use crate::call::{call, returned};
use crate::lock::Locked;
use crate::start::environ;
use crate::stubs::{SIGNAL_WORDS, SIGNALS, SignalSet};
use crate::{memory, system, thread};

/// A function that runs before or after a fork, or at exit.
type Handler = unsafe extern "C" fn();

/// Handlers for three moments: before a fork, after it in the parent, after it in the child.
static HANDLERS: Locked<[[Option<Handler>; 3]; 16]> = Locked::new([[None; 3]; 16]);
static AT_EXIT: Locked<[Option<Handler>; 32]> = Locked::new([None; 32]);

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_atfork(
    before: Option<Handler>,
    parent: Option<Handler>,
    child: Option<Handler>,
) -> c_int {
    HANDLERS.with(|all| {
        let place = all.iter_mut().find(|handlers| handlers.iter().all(Option::is_none));
        place.map_or(libc::ENOMEM, |place| {
            *place = [before, parent, child];
            0
        })
    })
}

unsafe fn run_handlers(moment: usize) {
    for handler in HANDLERS.with(|all| *all).iter().filter_map(|handlers| handlers[moment]) {
        handler();
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fork() -> c_int {
    run_handlers(0);
    // In the child, no other thread could release these locks.
    let locks = [&HANDLERS.lock, thread::lock(), memory::lock()];
    locks.iter().for_each(|lock| lock.lock());
    let result = call(system::FORK, []);
    locks.iter().rev().for_each(|lock| lock.unlock());
    // The result is 0 in the child: cpu_fork in sys/amd64/amd64/vm_machdep.c of FreeBSD, md_child_return in
    // sys/arch/x86/x86/syscall.c of NetBSD, child_return in sys/arch/amd64/amd64/trap.c of OpenBSD. rdx has no second result.
    if result == Ok(0) {
        thread::forked();
        run_handlers(2);
        return 0;
    }
    run_handlers(1);
    returned(result) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn waitpid(process: c_int, status: *mut c_int, options: c_int) -> c_int {
    returned(call(system::WAIT4, [process as usize, status as usize, options as usize, 0])) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn execve(path: usize, arguments: usize, variables: usize) -> c_int {
    returned(call(system::EXECVE, [path, arguments, variables])) as c_int
}

/// `PATH` is not searched: a name without a slash is a path.
#[unsafe(no_mangle)]
unsafe extern "C" fn execvp(path: usize, arguments: usize) -> c_int {
    execve(path, arguments, environ as usize)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn _exit(code: c_int) -> ! {
    loop {
        let _ = call(system::EXIT, [code as usize]);
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn atexit(handler: Handler) -> c_int {
    AT_EXIT.with(|all| {
        let place = all.iter_mut().find(|place| place.is_none());
        place.map_or(-1, |place| {
            *place = Some(handler);
            0
        })
    })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn exit(code: c_int) -> ! {
    for handler in AT_EXIT.with(|all| *all).iter().rev().flatten() {
        handler();
    }
    _exit(code)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn abort() -> ! {
    libc::signal(libc::SIGABRT, libc::SIG_DFL);
    libc::kill(libc::getpid(), libc::SIGABRT);
    _exit(127)
}

/// The content of a `posix_spawn_file_actions_t`: descriptors to duplicate, and their new numbers.
struct Actions {
    count: usize,
    pairs: [[c_int; 2]; 16],
}

/// The content of a `posix_spawnattr_t`.
struct Attributes {
    flags: i16,
    group: c_int,
    default: SignalSet,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_spawn_file_actions_init(actions: *mut *mut Actions) -> c_int {
    allocate(actions, Actions { count: 0, pairs: [[0; 2]; 16] })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_spawnattr_init(attributes: *mut *mut Attributes) -> c_int {
    allocate(attributes, Attributes { flags: 0, group: 0, default: [0; SIGNAL_WORDS] })
}

unsafe fn allocate<T>(place: *mut *mut T, value: T) -> c_int {
    let memory = memory::malloc(size_of::<T>()).cast::<T>();
    if memory.is_null() {
        return libc::ENOMEM;
    }
    memory.write(value);
    place.write(memory);
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_spawn_file_actions_destroy(actions: *mut *mut c_void) -> c_int {
    memory::free(*actions);
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_spawnattr_destroy(attributes: *mut *mut c_void) -> c_int {
    memory::free(*attributes);
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_spawn_file_actions_adddup2(
    actions: *mut *mut Actions,
    old: c_int,
    new: c_int,
) -> c_int {
    let actions = &mut **actions;
    let Some(place) = actions.pairs.get_mut(actions.count) else { return libc::ENOMEM };
    *place = [old, new];
    actions.count += 1;
    0
}

/// Changing the directory is not supported.
#[unsafe(no_mangle)]
unsafe extern "C" fn posix_spawn_file_actions_addchdir_np() -> c_int {
    libc::ENOSYS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_spawnattr_setflags(attributes: *mut *mut Attributes, flags: i16) -> c_int {
    (**attributes).flags = flags;
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_spawnattr_setpgroup(attributes: *mut *mut Attributes, group: c_int) -> c_int {
    (**attributes).group = group;
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_spawnattr_setsigdefault(
    attributes: *mut *mut Attributes,
    signals: *const SignalSet,
) -> c_int {
    (**attributes).default = *signals;
    0
}

/// Forks and executes. If that fails in the child, it writes the error to a pipe.
#[unsafe(no_mangle)]
unsafe extern "C" fn posix_spawnp(
    process: *mut c_int,
    path: *const c_char,
    actions: *const *const Actions,
    attributes: *const *const Attributes,
    arguments: *const *const c_char,
    variables: *const *const c_char,
) -> c_int {
    let mut pipe = [0; 2];
    if libc::pipe2(pipe.as_mut_ptr(), libc::O_CLOEXEC) == -1 {
        return thread::current().errno;
    }
    let child = fork();
    if child == 0 {
        if let Some(attributes) = attributes.as_ref() {
            prepare(&**attributes);
        }
        let actions = &**actions;
        for [old, new] in &actions.pairs[..actions.count] {
            if old == new {
                libc::fcntl(*new, libc::F_SETFD, 0);
            } else if libc::dup2(*old, *new) == -1 {
                fail(pipe[1]);
            }
        }
        execve(path as usize, arguments as usize, variables as usize);
        fail(pipe[1]);
    }
    libc::close(pipe[1]);
    let mut error: c_int = if child == -1 { thread::current().errno } else { 0 };
    if child != -1 {
        while libc::read(pipe[0], (&raw mut error).cast(), size_of::<c_int>()) == -1
            && thread::current().errno == libc::EINTR
        {}
        if error == 0 {
            process.write(child);
        } else {
            waitpid(child, ptr::null_mut(), 0);
        }
    }
    libc::close(pipe[0]);
    error
}

unsafe fn prepare(attributes: &Attributes) {
    let has = |flag: c_int| c_int::from(attributes.flags) & flag != 0;
    if has(libc::POSIX_SPAWN_SETPGROUP) {
        libc::setpgid(0, attributes.group);
    }
    if has(libc::POSIX_SPAWN_SETSIGDEF) {
        for bit in (0..SIGNALS).filter(|bit| attributes.default[bit / 32] >> (bit % 32) & 1 != 0) {
            libc::signal(bit as c_int + 1, libc::SIG_DFL);
        }
    }
}

unsafe fn fail(pipe: c_int) -> ! {
    let error = thread::current().errno;
    libc::write(pipe, (&raw const error).cast(), size_of::<c_int>());
    _exit(127)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getenv(name: *const c_char) -> *mut c_char {
    let name = CStr::from_ptr(name).to_bytes();
    let mut variable = environ;
    while !variable.is_null() && !(*variable).is_null() {
        if CStr::from_ptr(*variable)
            .to_bytes()
            .strip_prefix(name)
            .is_some_and(|rest| rest.first() == Some(&b'='))
        {
            return (*variable).add(name.len() + 1);
        }
        variable = variable.add(1);
    }
    ptr::null_mut()
}
