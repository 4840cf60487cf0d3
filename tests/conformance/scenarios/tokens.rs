//! Tokens: each identifies one registration, and is never used again.

use conformance::{READ, Run, WRITE, assert_not_registered, assert_ready, interests, now, pairs};
use selectors::backend::Backend;
use selectors::{Error, Mode, Selector, Token};
use std::collections::{BTreeSet, HashSet};

conformance::scenarios!(tokens:
    a_token_is_a_plain_value,
    each_registration_has_its_own_token,
    changes_of_a_key_keep_its_token,
    registering_again_makes_another_token,
    no_token_comes_again,
    a_token_of_another_selector_finds_nothing,
    two_selectors_never_share_a_token,
    a_token_of_a_closed_selector_finds_nothing,
    every_method_returns_the_same_token,
    a_token_of_an_older_list_finds_nothing,
);

fn a_token_is_a_plain_value<B: Backend>() -> Run {
    fn is_value<T: Copy + Eq + Ord + std::hash::Hash + std::fmt::Debug + Send + Sync + 'static>() {}
    is_value::<Token>();
    assert_eq!(size_of::<Option<Token>>(), size_of::<Token>());

    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _>::new().unwrap();
    let first = selector.register(a, READ, ()).unwrap();
    let second = selector.register(c, READ, ()).unwrap();
    assert_ne!(format!("{first:?}"), format!("{second:?}"));
    assert_ne!(first.cmp(&second), std::cmp::Ordering::Equal);
    Ok(())
}

fn each_registration_has_its_own_token<B: Backend>() -> Run {
    let pairs: Vec<_> = (0..20).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _>::new().unwrap();
    let tokens: Vec<_> = pairs.iter().map(|(a, _)| selector.register(a, WRITE, ()).unwrap()).collect();
    assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 20);
    assert_eq!(tokens.iter().collect::<BTreeSet<_>>().len(), 20);
    assert_ready(&mut selector, tokens.into_iter().map(|token| (token, WRITE)));
    Ok(())
}

fn changes_of_a_key_keep_its_token<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(a, READ, 1).unwrap();
    selector.modify(token, WRITE).unwrap();
    assert!(now(&mut selector).get(token).is_some());
    selector.modify_with(token, WRITE, Mode::Oneshot).unwrap();
    assert!(now(&mut selector).get(token).is_some());
    selector.pause(token).unwrap();
    selector.rearm(token).unwrap();
    assert!(now(&mut selector).get(token).is_some());
    *selector.data_mut(token).unwrap() = 2;
    assert_eq!(selector.unregister(token).unwrap().token, token);
    Ok(())
}

fn registering_again_makes_another_token<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let first = selector.register(&a, WRITE, 1).unwrap();
    selector.unregister(first).unwrap();
    let second = selector.register(&a, WRITE, 2).unwrap();
    assert_ne!(first, second);
    assert!(selector.key(first).is_none() && selector.data_mut(first).is_none());
    assert_not_registered(selector.unregister(first));
    assert_not_registered(selector.modify(first, READ));
    assert_ready(&mut selector, [(second, WRITE)]);
    assert_eq!(selector.data(second), Some(&2));
    Ok(())
}

fn no_token_comes_again<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _>::new().unwrap();
    let mut seen = HashSet::new();
    for _ in 0..200 {
        let tokens = [&a, &c].map(|stream| selector.register(stream, WRITE, ()).unwrap());
        assert!(tokens.iter().all(|token| seen.insert(*token)));
        let ready = interests(&now(&mut selector));
        assert_eq!(ready.len(), 2);
        assert!(tokens.iter().all(|token| ready.contains_key(token)));
        for token in tokens {
            selector.unregister(token).unwrap();
        }
        assert!(seen.iter().all(|token| selector.key(token).is_none()));
    }
    Ok(())
}

fn a_token_of_another_selector_finds_nothing<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let (mut one, mut two) = (Selector::<B, _, _>::new().unwrap(), Selector::<B, _, _>::new().unwrap());
    let mine = one.register(&a, WRITE, 1).unwrap();
    // Both are the first registration of their selector, so only the selector differs.
    let foreign = two.register(&b, WRITE, 2).unwrap();
    assert_ne!(mine, foreign);
    assert!(one.key(foreign).is_none() && one.keys().get(foreign).is_none());
    assert!(one.fileobj(foreign).is_none() && one.parts(foreign).is_none());
    assert!(one.data(foreign).is_none() && one.data_mut(foreign).is_none() && !one.keys().contains(foreign));
    assert!(one.disjoint_parts(mine, foreign).is_none() && one.disjoint_parts(foreign, mine).is_none());
    assert_not_registered(one.modify(foreign, READ));
    assert_not_registered(one.modify_with(foreign, READ, Mode::Oneshot));
    assert_not_registered(one.pause(foreign));
    assert_not_registered(one.rearm(foreign));
    assert_not_registered(one.unregister(foreign));
    assert_ready(&mut one, [(mine, WRITE)]);
    assert_ready(&mut two, [(foreign, WRITE)]);
    Ok(())
}

/// Both reuse their first slot in each round.
fn two_selectors_never_share_a_token<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selectors = [(); 2].map(|()| Selector::<B, _>::new().unwrap());
    let mut seen = HashSet::new();
    for round in 0..100 {
        let tokens = selectors.each_mut().map(|selector| selector.register(&a, WRITE, ()).unwrap());
        assert!(tokens.iter().all(|token| seen.insert(*token)), "a token came again in round {round}");
        for (selector, token) in selectors.iter_mut().zip(tokens) {
            assert_ready(selector, [(token, WRITE)]);
            // No token of the other selector or of an earlier round finds the key.
            assert!(seen.iter().all(|other| selector.key(other).is_some() == (*other == token)));
            selector.unregister(token).unwrap();
        }
    }
    Ok(())
}

fn a_token_of_a_closed_selector_finds_nothing<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut closed = Selector::<B, _>::new().unwrap();
    let token = closed.register(&a, WRITE, ()).unwrap();
    drop(closed);
    let mut selector = Selector::<B, _>::new().unwrap();
    let own = selector.register(&a, WRITE, ()).unwrap();
    assert!(token != own && selector.key(token).is_none());
    Ok(())
}

fn every_method_returns_the_same_token<B: Backend>() -> Run {
    let pairs: Vec<_> = (0..3).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    for round in 0..2 {
        let mut tokens = Vec::new();
        for (number, (a, _)) in pairs.iter().enumerate() {
            tokens.push(selector.register(a, WRITE, number).unwrap());
            let error = selector.register(a, WRITE, number).unwrap_err().error;
            assert!(matches!(error, Error::AlreadyRegistered { token, .. } if token == tokens[number]));
        }
        assert!(selector.keys().iter().all(|key| key.token() == tokens[*key.data()]));
        assert!(selector.iter_mut().all(|(token, _, number)| token == tokens[*number]));
        let ready = now(&mut selector);
        assert!(
            ready.len() == 3
                && ready.iter().all(|(token, _)| token == tokens[selector.data(token).copied().unwrap()])
        );
        if round == 0 {
            for (a, _) in &pairs {
                let key = selector.unregister(a).unwrap();
                assert_eq!(key.token, tokens[key.data]);
            }
        } else {
            assert!(selector.into_keys().all(|key| key.token == tokens[key.data]));
            break;
        }
    }
    Ok(())
}

/// Although slot, descriptor and file are the same.
fn a_token_of_an_older_list_finds_nothing<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let first = selector.register(&a, WRITE, 1).unwrap();
    let ready = now(&mut selector);
    selector.unregister(first).unwrap();
    let second = selector.register(&a, WRITE, 2).unwrap();
    for (token, _) in &ready {
        assert!(selector.parts(token).is_none());
        assert!(selector.unregister(token).is_err());
    }
    assert_eq!((ready.len(), ready.get(second)), (1, None));
    assert_eq!(selector.data(second), Some(&2));
    Ok(())
}
