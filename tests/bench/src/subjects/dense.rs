//! A list without gaps, for the calls that need one.

/// Items by index, stored without gaps in any order.
#[derive(Debug)]
pub(super) struct Dense<T> {
    items: Vec<T>,
    // The index of each item.
    indices: Vec<usize>,
    // By index: the place in `items`.
    places: Vec<usize>,
}

impl<T> Dense<T> {
    pub(super) fn new() -> Self {
        Self { items: Vec::new(), indices: Vec::new(), places: Vec::new() }
    }

    pub(super) fn add(&mut self, index: usize, item: T) {
        if index >= self.places.len() {
            self.places.resize(index + 1, usize::MAX);
        }
        self.places[index] = self.items.len();
        self.items.push(item);
        self.indices.push(index);
    }

    pub(super) fn remove(&mut self, index: usize) {
        let place = self.places[index];
        self.items.swap_remove(place);
        self.indices.swap_remove(place);
        if let Some(&moved) = self.indices.get(place) {
            self.places[moved] = place;
        }
    }

    pub(super) fn get_mut(&mut self, index: usize) -> &mut T {
        &mut self.items[self.places[index]]
    }

    /// The items, and the index of each.
    pub(super) fn parts(&mut self) -> (&mut [T], &[usize]) {
        (&mut self.items, &self.indices)
    }
}
