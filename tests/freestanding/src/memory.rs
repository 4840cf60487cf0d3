//! An allocator with blocks of power-of-two sizes, which are reused after they are freed.

use core::ffi::{c_int, c_void};
use core::ptr;

use crate::lock::Locked;
use crate::system;

/// The header before each block: its size, or the length of its own mapping, and its beginning.
#[derive(Clone, Copy)]
#[repr(C)]
struct Header {
    size: usize,
    begin: *mut u8,
}

const HEADER: usize = size_of::<Header>();

/// Blocks up to this size, including the header, share a mapping.
const LARGEST: usize = 1 << 16;
const SMALLEST: usize = 1 << 5;
const SIZES: usize = LARGEST.trailing_zeros() as usize + 1;
const CHUNK: usize = 1 << 20;
const PAGE: usize = 4096;

struct Heap {
    /// The first free block of each power of two. A free block begins with the address of the next one.
    free: [*mut u8; SIZES],
    rest: *mut u8,
    left: usize,
}

static HEAP: Locked<Heap> =
    Locked::new(Heap { free: [ptr::null_mut(); SIZES], rest: ptr::null_mut(), left: 0 });

/// The lock of the heap, which `fork` takes so that no other thread holds it.
pub(crate) fn lock() -> &'static crate::lock::Lock {
    &HEAP.lock
}

/// Allocates memory of at least this length, which includes the header, and returns its length too.
unsafe fn take(length: usize) -> Option<(*mut u8, usize)> {
    if length > LARGEST {
        let length = length.checked_next_multiple_of(PAGE)?;
        return system::map(length).ok().map(|begin| (begin, length));
    }
    let size = length.max(SMALLEST).next_power_of_two();
    let taken = HEAP.with(|heap| {
        let free = &mut heap.free[size.trailing_zeros() as usize];
        let block = *free;
        if !block.is_null() {
            *free = block.cast::<*mut u8>().read();
            return Some(block);
        }
        if heap.left < size && !more(heap) {
            return None;
        }
        let block = heap.rest;
        (heap.rest, heap.left) = (block.add(size), heap.left - size);
        Some(block)
    });
    taken.map(|begin| (begin, size))
}

/// Maps another chunk. The rest of the old one, which is smaller than the largest block, is lost.
unsafe fn more(heap: &mut Heap) -> bool {
    let Ok(begin) = system::map(CHUNK) else { return false };
    (heap.rest, heap.left) = (begin, CHUNK);
    true
}

unsafe fn header(block: *mut u8) -> *mut Header {
    block.sub(HEADER).cast()
}

unsafe fn aligned(alignment: usize, length: usize) -> *mut u8 {
    // Blocks are aligned to 32 bytes, so the memory behind a header is aligned to 16.
    let room = if alignment > 16 { alignment } else { 0 };
    let Some(wanted) = length.checked_add(HEADER + room) else { return ptr::null_mut() };
    let Some((begin, size)) = take(wanted) else { return ptr::null_mut() };
    let mut block = begin.add(HEADER);
    block = block.add(block.align_offset(alignment.max(1)));
    header(block).write(Header { size, begin });
    block
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn malloc(length: usize) -> *mut u8 {
    aligned(16, length)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn calloc(count: usize, length: usize) -> *mut u8 {
    let Some(length) = count.checked_mul(length) else { return ptr::null_mut() };
    let block = malloc(length);
    if !block.is_null() {
        ptr::write_bytes(block, 0, length);
    }
    block
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_memalign(result: *mut *mut u8, alignment: usize, length: usize) -> c_int {
    let block = aligned(alignment, length);
    if block.is_null() {
        return libc::ENOMEM;
    }
    result.write(block);
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(block: *mut u8, length: usize) -> *mut u8 {
    if block.is_null() {
        return malloc(length);
    }
    let Header { size, begin } = header(block).read();
    let room = size - (block as usize - begin as usize);
    if length <= room && length >= room / 4 {
        return block;
    }
    let new = malloc(length);
    if !new.is_null() {
        ptr::copy_nonoverlapping(block, new, room.min(length));
        free(block.cast());
    }
    new
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn free(block: *mut c_void) {
    if block.is_null() {
        return;
    }
    let Header { size, begin } = header(block.cast()).read();
    if size > LARGEST {
        libc::munmap(begin.cast(), size);
        return;
    }
    HEAP.with(|heap| {
        let first = &mut heap.free[size.trailing_zeros() as usize];
        begin.cast::<*mut u8>().write(*first);
        *first = begin;
    });
}
