//! The file object and the data of one registration, and of two at once.

use conformance::{READ, Run, Stream, WRITE, assert_idle, assert_ready, pairs, wait_ready};
use selectors::backend::Backend;
use selectors::sys::fd::{AsFd, AsRawFd, BorrowedFd};
use selectors::{Lookup, Selector};
use std::io::{Read, Write};

conformance::scenarios!(parts:
    methods_that_take_mut_self_can_be_called,
    the_parts_of_no_key_are_none,
    both_come_in_the_order_of_the_arguments,
    the_data_of_both_can_be_changed,
    the_objects_of_both_can_be_changed,
    every_way_to_name_a_key_works,
    one_registration_has_no_pair,
    a_key_that_is_gone_has_no_pair,
    the_pair_of_a_slot_that_was_reused_is_the_new_one,
    data_moves_between_all_pairs_of_many,
);

/// Implements `Read` for `&mut` only.
struct Counting {
    socket: Stream,
    calls: usize,
}

impl AsFd for Counting {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.calls += 1;
        self.socket.read(buffer)
    }
}

fn methods_that_take_mut_self_can_be_called<B: Backend>() -> Run {
    let (socket, mut peer) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(Counting { socket, calls: 0 }, READ, Vec::new()).unwrap();
    peer.write_all(b"hello").unwrap();
    wait_ready(&mut selector, [(token, READ)]);
    let (counting, bytes) = selector.parts_mut(token).unwrap();
    let mut buffer = [0; 3];
    let length = counting.read(&mut buffer).unwrap();
    bytes.extend(&buffer[..length]);
    let length = selector.fileobj_mut(token).unwrap().read(&mut buffer).unwrap();
    selector.data_mut(token).unwrap().extend(&buffer[..length]);
    assert_idle(&mut selector);
    let key = selector.unregister(token).unwrap();
    assert_eq!((key.fileobj.calls, &key.data[..]), (2, &b"hello"[..]));
    Ok(())
}

fn the_parts_of_no_key_are_none<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, Stream>::new().unwrap();
    let token = selector.register(a, READ, ()).unwrap();
    let a = selector.unregister(token).unwrap().fileobj;
    assert!(selector.fileobj_mut(token).is_none() && selector.parts_mut(token).is_none());
    assert!(selector.fileobj_mut(&a).is_none() && selector.parts_mut(&a).is_none());
    Ok(())
}

fn both_come_in_the_order_of_the_arguments<B: Backend>() -> Run {
    let ((a, _a_peer), (b, _b_peer)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, &Stream, _>::new().unwrap();
    let one = selector.register(&a, READ, 'a').unwrap();
    let two = selector.register(&b, READ, 'b').unwrap();
    for (tokens, expected) in [((one, two), [('a', &a), ('b', &b)]), ((two, one), [('b', &b), ('a', &a)])] {
        let ((x, x_data), (y, y_data)) = selector.disjoint_parts(tokens.0, tokens.1).unwrap();
        for (found, (data, socket)) in [(x, x_data), (y, y_data)].into_iter().zip(expected) {
            assert!(std::ptr::eq(*found.0, socket) && *found.1 == data);
        }
        let ((x, x_data), (y, y_data)) = selector.disjoint_parts_mut(tokens.0, tokens.1).unwrap();
        for (found, (data, socket)) in [(x, x_data), (y, y_data)].into_iter().zip(expected) {
            assert!(std::ptr::eq(*found.0, socket) && *found.1 == data);
        }
    }
    Ok(())
}

fn the_data_of_both_can_be_changed<B: Backend>() -> Run {
    let ((a, _a_peer), (b, _b_peer)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let one = selector.register(a, READ, vec![1, 2]).unwrap();
    let two = selector.register(b, READ, vec![3]).unwrap();
    let ((_, from), (_, to)) = selector.disjoint_parts(one, two).unwrap();
    to.append(from);
    assert_eq!(
        (&selector.data(one).unwrap()[..], &selector.data(two).unwrap()[..]),
        (&[][..], &[3, 1, 2][..])
    );
    let ((_, to), (_, from)) = selector.disjoint_parts_mut(one, two).unwrap();
    to.append(from);
    assert_eq!(
        (&selector.data(one).unwrap()[..], &selector.data(two).unwrap()[..]),
        (&[3, 1, 2][..], &[][..])
    );
    Ok(())
}

fn the_objects_of_both_can_be_changed<B: Backend>() -> Run {
    struct Named(Stream, &'static str);
    impl AsFd for Named {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }
    let ((a, _a_peer), (b, _b_peer)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _>::new().unwrap();
    let one = selector.register(Named(a, "a"), WRITE, ()).unwrap();
    let two = selector.register(Named(b, "b"), WRITE, ()).unwrap();
    let ((a, ()), (b, ())) = selector.disjoint_parts_mut(one, two).unwrap();
    // All but the descriptors.
    std::mem::swap(&mut a.1, &mut b.1);
    assert_ready(&mut selector, [(one, WRITE), (two, WRITE)]);
    let names = [one, two].map(|token| selector.unregister(token).unwrap().fileobj.1);
    assert_eq!(names, ["b", "a"]);
    Ok(())
}

fn every_way_to_name_a_key_works<B: Backend>() -> Run {
    fn check<B: Backend>(
        selector: &mut Selector<B, &Stream, char>,
        a: impl Lookup + Copy,
        b: impl Lookup + Copy,
    ) {
        let ((_, x), (_, y)) = selector.disjoint_parts(a, b).unwrap();
        assert_eq!((*x, *y), ('a', 'b'));
        let ((_, x), (_, y)) = selector.disjoint_parts_mut(b, a).unwrap();
        assert_eq!((*x, *y), ('b', 'a'));
    }
    let ((a, _a_peer), (b, _b_peer)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, &Stream, _>::new().unwrap();
    let one = selector.register(&a, READ, 'a').unwrap();
    let two = selector.register(&b, READ, 'b').unwrap();
    check(&mut selector, one, two);
    check(&mut selector, one, &b);
    check(&mut selector, &a, two);
    check(&mut selector, a.as_fd(), &b);
    Ok(())
}

fn one_registration_has_no_pair<B: Backend>() -> Run {
    let (a, _a_peer) = pairs::streams();
    let mut selector = Selector::<B, &Stream, _>::new().unwrap();
    let token = selector.register(&a, READ, 1).unwrap();
    assert!(selector.disjoint_parts(token, token).is_none());
    assert!(selector.disjoint_parts(token, &a).is_none() && selector.disjoint_parts(&a, token).is_none());
    assert!(selector.disjoint_parts_mut(token, token).is_none());
    assert!(selector.disjoint_parts_mut(&a, a.as_fd()).is_none());
    assert_eq!(selector.data(token), Some(&1));
    Ok(())
}

fn a_key_that_is_gone_has_no_pair<B: Backend>() -> Run {
    let ((a, _a_peer), (b, _b_peer)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _>::new().unwrap();
    let kept = selector.register(&a, READ, ()).unwrap();
    let gone = selector.register(&b, READ, ()).unwrap();
    selector.unregister(gone).unwrap();
    assert!(selector.disjoint_parts(kept, gone).is_none() && selector.disjoint_parts(gone, kept).is_none());
    assert!(
        selector.disjoint_parts_mut(kept, gone).is_none()
            && selector.disjoint_parts_mut(gone, kept).is_none()
    );
    assert!(
        selector.disjoint_parts_mut(kept, &b).is_none() && selector.disjoint_parts_mut(gone, gone).is_none()
    );
    Ok(())
}

fn the_pair_of_a_slot_that_was_reused_is_the_new_one<B: Backend>() -> Run {
    let ((a, _a_peer), (b, _b_peer)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let kept = selector.register(&a, READ, 0).unwrap();
    let old = selector.register(&b, READ, 1).unwrap();
    selector.unregister(old).unwrap();
    let new = selector.register(&b, READ, 2).unwrap();
    assert!(selector.disjoint_parts(kept, old).is_none() && selector.disjoint_parts(old, new).is_none());
    let ((_, x), (_, y)) = selector.disjoint_parts(new, kept).unwrap();
    assert_eq!((*x, *y), (2, 0));
    Ok(())
}

fn data_moves_between_all_pairs_of_many<B: Backend>() -> Run {
    let sockets: Vec<_> = (0..6).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let tokens: Vec<_> = sockets.iter().map(|(a, _)| selector.register(a, READ, 10_u32).unwrap()).collect();
    for (index, &a) in tokens.iter().enumerate() {
        for (other, &b) in tokens.iter().enumerate() {
            let Some(((x, from), (y, to))) = selector.disjoint_parts_mut(a, b) else {
                assert_eq!(index, other);
                continue;
            };
            assert_eq!(
                (x.as_raw_fd(), y.as_raw_fd()),
                (sockets[index].0.as_raw_fd(), sockets[other].0.as_raw_fd())
            );
            *from -= 1;
            *to += 1;
        }
    }
    // Each gave one to each of the others, and got one from each.
    assert!(tokens.iter().all(|token| selector.data(token) == Some(&10)));
    Ok(())
}
