//! The start of the program, up to `main`, and its own ELF headers.

use core::ffi::{c_char, c_int, c_void};
use core::ptr;

use crate::{process, thread};

/// The environment, under the name that the standard library uses.
#[unsafe(no_mangle)]
pub(crate) static mut environ: *mut *mut c_char = ptr::null_mut();

/// The name of the program, which `getprogname` of FreeBSD and others read.
#[unsafe(no_mangle)]
static mut __progname: *const c_char = c"".as_ptr();

/// `Elf64_Ehdr`.
#[repr(C)]
struct File {
    begin: [u8; 32],
    headers: usize,
    others: [u8; 16],
    headers_count: u16,
}

/// `Elf64_Phdr`.
#[repr(C)]
struct Segment {
    kind: u32,
    flags: u32,
    offset: usize,
    address: *const u8,
    physical: usize,
    size_in_file: usize,
    size: usize,
    alignment: usize,
}

/// `PT_TLS`.
const THREAD_DATA: u32 = 7;

unsafe extern "C" {
    /// The beginning of the file in memory, set by the linker.
    static __ehdr_start: File;
    /// The functions to call before `main` are between these two, set by the linker.
    static __init_array_start: [unsafe extern "C" fn(c_int, *mut *mut c_char, *mut *mut c_char); 0];
    static __init_array_end: [unsafe extern "C" fn(c_int, *mut *mut c_char, *mut *mut c_char); 0];

    fn main(count: c_int, arguments: *mut *mut c_char) -> c_int;
}

/// Starts the program, with the stack as the kernel has made it.
pub(crate) unsafe fn begin(count: c_int, arguments: *mut *mut c_char, variables: *mut *mut c_char) -> ! {
    environ = variables;
    thread::adopt();
    let (mut function, end) = ((&raw const __init_array_start).cast(), (&raw const __init_array_end).cast());
    while function != end {
        let call: unsafe extern "C" fn(c_int, *mut *mut c_char, *mut *mut c_char) = *function;
        call(count, arguments, variables);
        function = function.add(1);
    }
    process::exit(main(count, arguments))
}

/// The program headers. The program is at the address that it was linked for.
unsafe fn headers() -> &'static [Segment] {
    let file = &raw const __ehdr_start;
    let first = file.byte_add((*file).headers).cast();
    core::slice::from_raw_parts(first, usize::from((*file).headers_count))
}

/// The initial values of thread-local variables.
pub(crate) struct Template {
    pub(crate) image: *const u8,
    /// The size of the image. The rest of the variables is zero.
    pub(crate) image_size: usize,
    pub(crate) size: usize,
    pub(crate) alignment: usize,
}

pub(crate) unsafe fn thread_template() -> Template {
    let found = headers().iter().find(|segment| segment.kind == THREAD_DATA);
    found.map_or(Template { image: ptr::null(), image_size: 0, size: 0, alignment: 1 }, |segment| Template {
        image: segment.address,
        image_size: segment.size_in_file,
        size: segment.size,
        alignment: segment.alignment,
    })
}

/// `struct dl_phdr_info` of FreeBSD and NetBSD. OpenBSD has only its first four fields.
#[repr(C)]
struct Object {
    address: usize,
    name: *const c_char,
    headers: *const Segment,
    headers_count: u16,
    added: u64,
    removed: u64,
    tls_number: usize,
    tls_data: *mut c_void,
}

/// The program is the only object.
#[unsafe(no_mangle)]
unsafe extern "C" fn dl_iterate_phdr(
    visit: unsafe extern "C" fn(*mut Object, usize, *mut c_void) -> c_int,
    argument: *mut c_void,
) -> c_int {
    let headers = headers();
    let mut object = Object {
        address: 0,
        name: c"".as_ptr(),
        headers: headers.as_ptr(),
        headers_count: headers.len() as u16,
        added: 1,
        removed: 0,
        tls_number: 0,
        tls_data: ptr::null_mut(),
    };
    visit(&raw mut object, size_of::<Object>(), argument)
}
