//! Arming keys of files that are always ready: modes, changes, pauses.

use conformance::{
    BOTH, File, NotRun, READ, Run, WRITE, assert_idle, assert_ready, assert_times_out, interests, need, now,
    pairs, wait_ready,
};
use selectors::backend::Backend;
use selectors::{Mode, Selector};
use std::time::Duration;

conformance::scenarios!(always_ready_modes:
    an_edge_is_reported_once_for_each_arming,
    a_one_shot_key_is_reported_once_for_each_arming,
    the_null_device_is_reported_once_for_each_arming,
    each_mode_changes_to_each,
    a_change_of_interest_counts,
    a_paused_key_is_not_reported,
    an_unregistered_key_is_not_reported,
);

const MODES: [Mode; 3] = [Mode::Level, Mode::Edge, Mode::Oneshot];

pub(super) type Files<B> = Selector<B, File>;

/// A selector, with a file for it. `need`s the mode.
pub(super) fn file<B: Backend>(mode: Mode) -> Result<(Files<B>, File), NotRun> {
    let selector = Selector::new().unwrap();
    need(&selector, READ, mode)?;
    Ok((selector, pairs::regular_with("something")?))
}

/// Asserts that a key of this mode is reported once after each call that arms it.
fn once_for_each_arming<B: Backend>(mode: Mode, files: impl IntoIterator<Item = File>) -> Run {
    for file in files {
        let mut selector = Files::<B>::new().unwrap();
        need(&selector, BOTH, mode)?;
        let token = selector.register_with(file, READ, mode, ()).unwrap();
        let once = |selector: &mut Files<B>, interest| {
            wait_ready(selector, [(token, interest)]);
            for _ in 0..2 {
                assert_idle(selector);
            }
            assert_eq!(selector.key(token).unwrap().is_armed(), mode == Mode::Edge);
        };
        once(&mut selector, READ);
        for interest in [WRITE, BOTH, READ] {
            selector.modify(token, interest).unwrap();
            once(&mut selector, interest);
            selector.rearm(token).unwrap();
            once(&mut selector, interest);
            selector.modify(token, interest).unwrap();
            once(&mut selector, interest);
            selector.pause(token).unwrap();
            assert_idle(&mut selector);
            selector.rearm(token).unwrap();
            once(&mut selector, interest);
        }
        // Twice armed is reported once.
        selector.rearm(token).unwrap();
        selector.rearm(token).unwrap();
        once(&mut selector, READ);
        let file = selector.unregister(token).unwrap().fileobj;
        let token = selector.register_with(file, READ, mode, ()).unwrap();
        assert_ready(&mut selector, [(token, READ)]);
        assert_idle(&mut selector);
    }
    Ok(())
}

fn an_edge_is_reported_once_for_each_arming<B: Backend>() -> Run {
    once_for_each_arming::<B>(Mode::Edge, [pairs::regular()?, pairs::directory()?])
}

fn a_one_shot_key_is_reported_once_for_each_arming<B: Backend>() -> Run {
    once_for_each_arming::<B>(Mode::Oneshot, [pairs::regular()?, pairs::directory()?])
}

fn the_null_device_is_reported_once_for_each_arming<B: Backend>() -> Run {
    once_for_each_arming::<B>(Mode::Oneshot, [pairs::null()?])?;
    once_for_each_arming::<B>(Mode::Edge, [pairs::null()?])
}

/// Another key is registered as well: its mode decides how the wait is ended.
fn each_mode_changes_to_each<B: Backend>() -> Run {
    let (mut selector, first) = file::<B>(Mode::Level)?;
    let modes: Vec<_> = MODES.into_iter().filter(|mode| selector.backend().supports(READ, *mode)).collect();
    let token = selector.register(first, READ, ()).unwrap();
    for &mode_of_other in &modes {
        let other = selector.register_with(pairs::regular()?, READ, mode_of_other, ()).unwrap();
        for (&from, &to) in modes.iter().flat_map(|from| modes.iter().map(move |to| (from, to))) {
            for spend in [false, true] {
                selector.modify_with(token, READ, from).unwrap();
                if spend {
                    assert_eq!(interests(&now(&mut selector)).get(&token), Some(&READ));
                }
                selector.modify_with(token, READ, to).unwrap();
                for again in [false, true] {
                    let found = interests(&now(&mut selector));
                    let is_reported = !again || to == Mode::Level;
                    assert_eq!(
                        found.contains_key(&token),
                        is_reported,
                        "{from} to {to}, with {mode_of_other}"
                    );
                    assert!(mode_of_other != Mode::Level || found.contains_key(&other));
                }
            }
        }
        selector.unregister(other).unwrap();
    }
    Ok(())
}

fn a_change_of_interest_counts<B: Backend>() -> Run {
    let (mut selector, file) = file::<B>(Mode::Level)?;
    let token = selector.register(file, READ, ()).unwrap();
    for interest in [WRITE, BOTH, READ, BOTH, WRITE, READ] {
        selector.modify(token, interest).unwrap();
        for _ in 0..2 {
            assert_ready(&mut selector, [(token, interest)]);
        }
    }
    Ok(())
}

fn a_paused_key_is_not_reported<B: Backend>() -> Run {
    let (mut selector, file) = file::<B>(Mode::Level)?;
    let token = selector.register(file, READ, ()).unwrap();
    for interest in [READ, WRITE, BOTH] {
        selector.pause(token).unwrap();
        assert_idle(&mut selector);
        selector.modify(token, interest).unwrap();
        assert_ready(&mut selector, [(token, interest)]);
    }
    let file = selector.unregister(token).unwrap().fileobj;
    let token = selector.register_paused(file, READ, ()).unwrap();
    assert_idle(&mut selector);
    selector.rearm(token).unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    Ok(())
}

fn an_unregistered_key_is_not_reported<B: Backend>() -> Run {
    let (mut selector, mut file) = file::<B>(Mode::Level)?;
    for _ in 0..3 {
        let token = selector.register(file, READ, ()).unwrap();
        assert_ready(&mut selector, [(token, READ)]);
        file = selector.unregister(token).unwrap().fileobj;
        assert_idle(&mut selector);
    }
    // Before any wait.
    let token = selector.register(file, READ, ()).unwrap();
    selector.unregister(token).unwrap();
    assert_times_out(&mut selector, Duration::from_millis(1));
    Ok(())
}
