//! The numbers of filters, flags and notes of `kqueue(2)`, and the struct that holds them.

use bitflags::Flags as _;
use conformance::Run;
use selectors::sys::kqueue::{Data, Filter, FilterBits, FlagBits, Flags, Kevent, Kqueue, Notes};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

conformance::scenarios_of!(sys, kqueue_types:
    filters_have_the_kernel_numbers,
    flags_have_the_kernel_numbers,
    notes_have_the_kernel_numbers,
    numbers_match_libc,
    unknown_bits_are_kept,
    fields_have_the_kernel_widths,
    comparison_uses_six_fields,
    debug_shows_names,
    types_are_send_and_sync,
);

/// The filters of all systems, in FreeBSD's order.
const COMMON: [Filter; 6] =
    [Filter::READ, Filter::WRITE, Filter::VNODE, Filter::PROC, Filter::SIGNAL, Filter::TIMER];

fn filters_have_the_kernel_numbers() -> Run {
    // Down from -1, but up from 0 on NetBSD: sys/event.h of each.
    let numbers: [i64; 6] =
        if cfg!(target_os = "netbsd") { [0, 1, 3, 4, 5, 6] } else { [-1, -2, -4, -5, -6, -7] };
    assert_eq!(COMMON.map(|filter| i64::from(filter.bits())), numbers);
    let number = |filter: Filter| i64::from(filter.bits());
    let aio = if cfg!(target_os = "netbsd") { 2 } else { -3 };
    let user = match () {
        () if cfg!(any(target_os = "freebsd", target_os = "linux")) => -11,
        () if cfg!(target_os = "dragonfly") => -9,
        () if cfg!(target_os = "netbsd") => 8,
        () => -10,
    };
    assert_eq!((number(Filter::AIO), number(Filter::USER)), (aio, user));
    #[cfg(target_os = "freebsd")]
    assert_eq!(
        [Filter::PROCDESC, Filter::FS, Filter::LIO, Filter::SENDFILE, Filter::EMPTY].map(number),
        [-8, -9, -10, -12, -13]
    );
    #[cfg(target_os = "netbsd")]
    assert_eq!([Filter::FS, Filter::EMPTY].map(number), [7, 9]);
    #[cfg(target_os = "openbsd")]
    assert_eq!([Filter::DEVICE, Filter::EXCEPT].map(number), [-8, -9]);
    #[cfg(target_os = "dragonfly")]
    assert_eq!([Filter::EXCEPT, Filter::FS].map(number), [-8, -10]);
    #[cfg(target_vendor = "apple")]
    assert_eq!([Filter::MACHPORT, Filter::FS, Filter::VM, Filter::EXCEPT].map(number), [-8, -9, -12, -15]);
    Ok(())
}

fn flags_have_the_kernel_numbers() -> Run {
    // The same on all systems, except for the last one below.
    let numbers = [
        (Flags::ADD, 0x1),
        (Flags::DELETE, 0x2),
        (Flags::ENABLE, 0x4),
        (Flags::DISABLE, 0x8),
        (Flags::ONESHOT, 0x10),
        (Flags::CLEAR, 0x20),
        (Flags::RECEIPT, 0x40),
        (Flags::DISPATCH, 0x80),
        (Flags::FLAG1, 0x2000),
        (Flags::ERROR, 0x4000),
        (Flags::EOF, 0x8000),
    ];
    for (flag, number) in numbers {
        assert_eq!(flag.bits(), number, "{flag:?}");
    }
    let system = if cfg!(any(target_os = "dragonfly", target_os = "openbsd")) { 0xf800 } else { 0xf000 };
    assert_eq!(Flags::SYSFLAGS.bits(), system);
    #[cfg(target_os = "freebsd")]
    assert_eq!(
        [Flags::FORCEONESHOT, Flags::KEEPUDATA, Flags::DROP, Flags::FLAG2].map(|flag| flag.bits()),
        [0x100, 0x200, 0x1000, 0x4000]
    );
    #[cfg(target_os = "dragonfly")]
    assert_eq!([Flags::HUP, Flags::NODATA].map(|flag| flag.bits()), [0x800, 0x1000]);
    #[cfg(target_vendor = "apple")]
    assert_eq!(
        [Flags::UDATA_SPECIFIC, Flags::DISPATCH2, Flags::VANISHED, Flags::FLAG0, Flags::POLL, Flags::OOBAND]
            .map(|flag| flag.bits()),
        [0x100, 0x180, 0x200, 0x1000, 0x1000, 0x2000]
    );
    Ok(())
}

fn notes_have_the_kernel_numbers() -> Run {
    // The same on all systems, except for the last one below.
    let numbers = [
        (Notes::LOWAT, 0x1),
        (Notes::DELETE, 0x1),
        (Notes::WRITE, 0x2),
        (Notes::EXTEND, 0x4),
        (Notes::ATTRIB, 0x8),
        (Notes::LINK, 0x10),
        (Notes::RENAME, 0x20),
        (Notes::REVOKE, 0x40),
        (Notes::TRACK, 0x1),
        (Notes::TRACKERR, 0x2),
        (Notes::CHILD, 0x4),
        (Notes::EXEC, 0x2000_0000),
        (Notes::FORK, 0x4000_0000),
        (Notes::EXIT, 0x8000_0000),
        (Notes::PDATAMASK, 0xf_ffff),
        (Notes::FFNOP, 0),
        (Notes::FFAND, 0x4000_0000),
        (Notes::FFOR, 0x8000_0000),
        (Notes::FFCOPY, 0xc000_0000),
        (Notes::FFCTRLMASK, 0xc000_0000),
        (Notes::FFLAGSMASK, 0x00ff_ffff),
        (Notes::TRIGGER, 0x0100_0000),
    ];
    for (note, number) in numbers {
        assert_eq!(note.bits(), number);
    }
    let control = if cfg!(target_vendor = "apple") { 0xfff0_0000 } else { 0xf000_0000 };
    assert_eq!(Notes::PCTRLMASK.bits(), control);
    #[cfg(target_os = "freebsd")]
    let units = [Notes::SECONDS, Notes::MSECONDS, Notes::USECONDS, Notes::NSECONDS, Notes::ABSTIME];
    #[cfg(target_os = "freebsd")]
    assert_eq!(units.map(|note| note.bits()), [1, 2, 4, 8, 0x10]);
    #[cfg(target_os = "netbsd")]
    let units = [Notes::MSECONDS, Notes::SECONDS, Notes::USECONDS, Notes::NSECONDS, Notes::ABSTIME];
    #[cfg(target_os = "netbsd")]
    assert_eq!(units.map(|note| note.bits()), [0, 1, 2, 3, 0x10]);
    #[cfg(any(target_vendor = "apple", target_os = "linux"))]
    let units = [Notes::SECONDS, Notes::USECONDS, Notes::NSECONDS, Notes::ABSOLUTE];
    #[cfg(any(target_vendor = "apple", target_os = "linux"))]
    assert_eq!(units.map(|note| note.bits()), [1, 2, 4, 8]);
    #[cfg(target_os = "freebsd")]
    assert_eq!(
        [Notes::FILE_POLL, Notes::OPEN, Notes::CLOSE, Notes::CLOSE_WRITE, Notes::READ]
            .map(|note| note.bits()),
        [0x2, 0x80, 0x100, 0x200, 0x400]
    );
    #[cfg(target_os = "openbsd")]
    assert_eq!(
        [Notes::CHANGE, Notes::EOF, Notes::OOB, Notes::TRUNCATE].map(|note| note.bits()),
        [0x1, 0x2, 0x4, 0x80]
    );
    #[cfg(any(target_vendor = "apple", target_os = "dragonfly"))]
    assert_eq!(Notes::OOB.bits(), 0x2);
    Ok(())
}

/// Each named constant is the one that `libc` has under the name in C.
#[cfg(not(target_os = "linux"))]
fn numbers_match_libc() -> Run {
    assert_eq!(
        COMMON.map(Filter::bits),
        [
            libc::EVFILT_READ,
            libc::EVFILT_WRITE,
            libc::EVFILT_VNODE,
            libc::EVFILT_PROC,
            libc::EVFILT_SIGNAL,
            libc::EVFILT_TIMER
        ]
    );
    assert_eq!([Filter::AIO, Filter::USER].map(Filter::bits), [libc::EVFILT_AIO, libc::EVFILT_USER]);
    let flags = [Flags::ADD, Flags::DELETE, Flags::ENABLE, Flags::DISABLE, Flags::ONESHOT, Flags::CLEAR];
    assert_eq!(
        flags.map(|flag| flag.bits()),
        [libc::EV_ADD, libc::EV_DELETE, libc::EV_ENABLE, libc::EV_DISABLE, libc::EV_ONESHOT, libc::EV_CLEAR]
    );
    let flags = [Flags::RECEIPT, Flags::DISPATCH, Flags::FLAG1, Flags::ERROR, Flags::EOF];
    assert_eq!(
        flags.map(|flag| flag.bits()),
        [libc::EV_RECEIPT, libc::EV_DISPATCH, libc::EV_FLAG1, libc::EV_ERROR, libc::EV_EOF]
    );
    let of_files = [
        Notes::LOWAT,
        Notes::DELETE,
        Notes::WRITE,
        Notes::EXTEND,
        Notes::ATTRIB,
        Notes::LINK,
        Notes::RENAME,
        Notes::REVOKE,
    ];
    assert_eq!(
        of_files.map(|note| note.bits()),
        [
            libc::NOTE_LOWAT,
            libc::NOTE_DELETE,
            libc::NOTE_WRITE,
            libc::NOTE_EXTEND,
            libc::NOTE_ATTRIB,
            libc::NOTE_LINK,
            libc::NOTE_RENAME,
            libc::NOTE_REVOKE
        ]
    );
    let of_processes = [
        Notes::EXIT,
        Notes::FORK,
        Notes::EXEC,
        Notes::PDATAMASK,
        Notes::TRACK,
        Notes::TRACKERR,
        Notes::CHILD,
    ];
    assert_eq!(
        of_processes.map(|note| note.bits()),
        [
            libc::NOTE_EXIT,
            libc::NOTE_FORK,
            libc::NOTE_EXEC,
            libc::NOTE_PDATAMASK,
            libc::NOTE_TRACK,
            libc::NOTE_TRACKERR,
            libc::NOTE_CHILD
        ]
    );
    let of_the_program =
        [Notes::FFNOP, Notes::FFAND, Notes::FFOR, Notes::FFCOPY, Notes::FFCTRLMASK, Notes::TRIGGER];
    assert_eq!(
        of_the_program.map(|note| note.bits()),
        [
            libc::NOTE_FFNOP,
            libc::NOTE_FFAND,
            libc::NOTE_FFOR,
            libc::NOTE_FFCOPY,
            libc::NOTE_FFCTRLMASK,
            libc::NOTE_TRIGGER
        ]
    );
    assert_eq!(size_of::<Kevent>(), size_of::<libc::kevent>());
    Ok(())
}

#[cfg(target_os = "linux")]
fn numbers_match_libc() -> Run {
    Err(conformance::NotRun::because("this C library has no kqueue"))
}

fn unknown_bits_are_kept() -> Run {
    let filter = Filter::from_bits(99);
    assert_eq!((filter.bits(), format!("{filter:?}").as_str()), (99, "Filter(99)"));
    assert_eq!(Flags::from_bits(FlagBits::MAX).map(|flags| flags.bits()), Some(FlagBits::MAX));
    assert_eq!(Notes::from_bits(u32::MAX).map(|notes| notes.bits()), Some(u32::MAX));
    assert!(Flags::FLAGS.iter().any(|flag| !flag.is_named()), "unknown flags would be dropped");
    Ok(())
}

fn fields_have_the_kernel_widths() -> Run {
    let event = Kevent::new(usize::MAX, Filter::WRITE, Flags::from_bits_retain(FlagBits::MAX));
    assert_eq!((event.fflags.bits(), event.data, event.udata), (0, 0, 0));
    let event =
        Kevent { fflags: Notes::from_bits_retain(u32::MAX), data: Data::MIN, udata: usize::MAX, ..event };
    assert_eq!((event.ident, event.flags.bits(), event.fflags.bits()), (usize::MAX, FlagBits::MAX, u32::MAX));
    assert_eq!((event.data, event.udata), (Data::MIN, usize::MAX));
    let wide = cfg!(target_os = "netbsd");
    assert_eq!((size_of::<FilterBits>(), size_of::<FlagBits>()), if wide { (4, 4) } else { (2, 2) });
    // FreeBSD since 12 has four more numbers (`ext`).
    if cfg!(target_pointer_width = "64") {
        let size = match () {
            () if cfg!(target_os = "freebsd") => 64,
            () if wide => 40,
            () => 32,
        };
        assert_eq!(size_of::<Kevent>(), size);
    }
    let default = Kevent::default();
    assert_eq!(default, Kevent::new(0, Filter::READ, Flags::empty()));
    Ok(())
}

fn comparison_uses_six_fields() -> Run {
    let zero = Kevent::new(1, COMMON[2], Flags::ADD);
    let zero = Kevent { fflags: Notes::EXTEND, data: 5, udata: 6, ..zero };
    let higher = [
        Kevent { ident: 2, ..zero },
        Kevent { filter: Filter::from_bits(zero.filter.bits() + 1), ..zero },
        Kevent { flags: Flags::DELETE, ..zero },
        Kevent { fflags: Notes::ATTRIB, ..zero },
        Kevent { data: 6, ..zero },
        Kevent { udata: 7, ..zero },
    ];
    for (at, event) in higher.iter().enumerate() {
        assert_eq!(zero.cmp(event), Ordering::Less, "field {at}");
        assert_ne!(zero, *event, "field {at}");
        // Earlier fields take precedence.
        assert!(higher[at + 1..].iter().all(|later| event > later), "field {at}");
    }
    assert_eq!(zero, zero.clone());
    #[cfg(target_os = "freebsd")]
    {
        let extended = Kevent { ext: [1, 2, 3, 4], ..zero };
        assert_eq!((extended, extended.cmp(&zero)), (zero, Ordering::Equal));
        assert_eq!(HashSet::from([zero, extended]).len(), 1);
    }
    let state = RandomState::new();
    assert_eq!(state.hash_one(zero), state.hash_one(Kevent { ..zero }));
    assert_eq!(HashSet::from(higher).len(), higher.len());
    Ok(())
}

fn debug_shows_names() -> Run {
    let event = Kevent::new(3, Filter::VNODE, Flags::ADD | Flags::CLEAR);
    let event = Kevent { fflags: Notes::WRITE | Notes::EXTEND, data: -5, udata: 0xff, ..event };
    assert_eq!(
        format!("{event:?}"),
        "Kevent { ident: 3, filter: Filter(VNODE), flags: Flags(ADD | CLEAR), fflags: Notes(EXTEND | WRITE | 0x0), \
         data: -5, udata: 0xff }"
    );
    // The same bits have other names with other filters.
    let fflags = |filter, fflags| format!("{:?}", Kevent { filter, fflags, ..event });
    let two = Notes::from_bits_retain(0x2);
    assert!(fflags(Filter::PROC, two).contains("Notes(TRACKERR | 0x0)"));
    assert!(fflags(Filter::SIGNAL, two).contains("Notes(0x2)"));
    assert!(fflags(Filter::READ, Notes::LOWAT).contains("Notes(LOWAT | 0x0)"));
    assert!(fflags(Filter::PROC, Notes::EXIT | Notes::FORK).contains("EXIT | FORK"));
    assert!(fflags(Filter::USER, Notes::TRIGGER).contains("TRIGGER"));
    assert_eq!(format!("{:?}", two), "Notes(0x2)");
    let unknown = Flags::from_bits_retain(Flags::ADD.bits() | 0x400);
    assert_eq!(format!("{unknown:?}"), "Flags(ADD | 0x400)");
    for (filter, name) in [(Filter::READ, "READ"), (Filter::TIMER, "TIMER"), (Filter::USER, "USER")] {
        assert_eq!(format!("{filter:?}"), format!("Filter({name})"));
    }
    Ok(())
}

fn types_are_send_and_sync() -> Run {
    fn send_and_sync<T: Send + Sync>() {}
    send_and_sync::<Kqueue>();
    send_and_sync::<Kevent>();
    Ok(())
}
