//! A list without holes, for calls that take one.

/// Things by index, lying one after another in some order.
#[derive(Debug)]
pub(super) struct Dense<T> {
    pub(super) things: Vec<T>,
    // Beside `things`.
    indices: Vec<usize>,
    // By index: where in `things`.
    places: Vec<usize>,
}

impl<T> Dense<T> {
    pub(super) fn new() -> Self {
        Self { things: Vec::new(), indices: Vec::new(), places: Vec::new() }
    }

    pub(super) fn add(&mut self, index: usize, thing: T) {
        if index >= self.places.len() {
            self.places.resize(index + 1, usize::MAX);
        }
        self.places[index] = self.things.len();
        self.things.push(thing);
        self.indices.push(index);
    }

    pub(super) fn remove(&mut self, index: usize) {
        let place = self.places[index];
        self.things.swap_remove(place);
        self.indices.swap_remove(place);
        if let Some(&moved) = self.indices.get(place) {
            self.places[moved] = place;
        }
    }

    pub(super) fn get_mut(&mut self, index: usize) -> &mut T {
        &mut self.things[self.places[index]]
    }

    /// The things, and the index of each.
    pub(super) fn parts(&mut self) -> (&mut [T], &[usize]) {
        (&mut self.things, &self.indices)
    }
}
