//! Thread-specific values, and thread attributes.

use core::ffi::{c_int, c_void};
use core::ptr;

use crate::lock::Locked;
use crate::memory;
use crate::thread::{Thread, current};

/// The number of keys.
pub(crate) const KEYS: usize = 64;

type Destructor = unsafe extern "C" fn(*mut c_void);

/// The keys that are in use, with their destructors.
static USED: Locked<[Option<Option<Destructor>>; KEYS]> = Locked::new([None; KEYS]);

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_key_create(key: *mut c_int, destructor: Option<Destructor>) -> c_int {
    USED.with(|used| {
        // Not key 0: the standard library takes it for no key, and would ask again.
        let Some(index) = (1..KEYS).find(|index| used[*index].is_none()) else { return libc::EAGAIN };
        used[index] = Some(destructor);
        key.write(index as c_int);
        0
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_key_delete(key: c_int) -> c_int {
    USED.with(|used| used[key as usize] = None);
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_setspecific(key: c_int, value: *mut c_void) -> c_int {
    current().values[key as usize] = value;
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_getspecific(key: c_int) -> *mut c_void {
    current().values[key as usize]
}

/// Runs the destructors at the end of a thread. They may set values again, so this is repeated a few times.
pub(crate) unsafe fn end() {
    for _ in 0..4 {
        for key in 0..KEYS {
            let value = current().values[key];
            current().values[key] = ptr::null_mut();
            let destructor = USED.with(|used| used[key].flatten());
            if let (false, Some(destructor)) = (value.is_null(), destructor) {
                destructor(value);
            }
        }
    }
}

/// The content of a `pthread_attr_t`.
pub(crate) struct Attributes {
    stack_size: usize,
}

/// The index of the pointer in a `pthread_attr_t`: 0 on FreeBSD and OpenBSD, behind two integers on NetBSD.
const POINTER: usize = size_of::<libc::pthread_attr_t>() / size_of::<usize>() - 1;

/// Returns 0 if no size was set.
pub(crate) unsafe fn stack_size(attributes: *const *const Attributes) -> usize {
    if attributes.is_null() { 0 } else { (**attributes.add(POINTER)).stack_size }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_attr_init(attributes: *mut *mut Attributes) -> c_int {
    let memory = memory::malloc(size_of::<Attributes>()).cast::<Attributes>();
    if memory.is_null() {
        return libc::ENOMEM;
    }
    memory.write(Attributes { stack_size: 0 });
    attributes.add(POINTER).write(memory);
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_attr_destroy(attributes: *mut *mut Attributes) -> c_int {
    memory::free((*attributes.add(POINTER)).cast());
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_attr_setstacksize(attributes: *mut *mut Attributes, size: usize) -> c_int {
    (**attributes.add(POINTER)).stack_size = size;
    0
}

/// The place of a stack is not known. The standard library asks for it to find a guard page, and there is none.
macro_rules! unsupported {
    ($($name:ident)*) => {
        $(
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $name(_: *mut Thread, _: *mut c_void) -> c_int {
                libc::ENOSYS
            }
        )*
    };
}

unsupported! { pthread_attr_get_np pthread_getattr_np pthread_attr_getstack pthread_attr_getguardsize }
