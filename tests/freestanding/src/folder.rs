//! Directories.

use core::ffi::{c_char, c_int};
use core::ptr;

use libc::dirent;

use crate::call::{call, returned};
use crate::{memory, system};

/// The content of a `DIR`.
#[repr(C, align(8))]
pub(crate) struct Folder {
    entries: [u8; 4096],
    at: usize,
    end: usize,
    fd: c_int,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fdopendir(fd: c_int) -> *mut Folder {
    let folder = memory::malloc(size_of::<Folder>()).cast::<Folder>();
    if folder.is_null() {
        returned(Err(libc::ENOMEM));
    } else {
        folder.write(Folder { entries: [0; 4096], at: 0, end: 0, fd });
    }
    folder
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn opendir(path: *const c_char) -> *mut Folder {
    let fd = libc::open(path, libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC);
    if fd == -1 { ptr::null_mut() } else { fdopendir(fd) }
}

/// The kernels return entries in the format of the C libraries. A deleted entry has the number 0.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn readdir(folder: *mut Folder) -> *mut dirent {
    let folder = &mut *folder;
    loop {
        if folder.at == folder.end {
            let (entries, mut position) = (folder.entries.as_mut_ptr() as usize, 0_u64);
            let arguments = [folder.fd as usize, entries, folder.entries.len(), &raw mut position as usize];
            let read = returned(call(system::GETDENTS, arguments));
            if read <= 0 {
                return ptr::null_mut();
            }
            (folder.at, folder.end) = (0, read as usize);
        }
        let entry = folder.entries.as_mut_ptr().add(folder.at).cast::<dirent>();
        folder.at += usize::from((&raw const (*entry).d_reclen).read_unaligned());
        if (&raw const (*entry).d_fileno).read_unaligned() != 0 {
            return entry;
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dirfd(folder: *mut Folder) -> c_int {
    (*folder).fd
}

#[unsafe(no_mangle)]
unsafe extern "C" fn closedir(folder: *mut Folder) -> c_int {
    let result = libc::close((*folder).fd);
    memory::free(folder.cast());
    result
}
