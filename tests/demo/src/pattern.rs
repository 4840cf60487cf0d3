//! The bytes that the clients send, which differ by client and by message.

/// The number of bytes after which the pattern repeats. A prime, so that buffers and messages do not repeat with it.
const PERIOD: usize = 65_521;

/// The most bytes that [`Pattern::bytes`] returns.
pub(crate) const CHUNK: usize = 64 << 10;

/// Random bytes, repeated without end. Each message starts somewhere in them.
pub(crate) struct Pattern {
    // One period, and the beginning of the next for a chunk that starts near its end.
    row: Vec<u8>,
}

impl Pattern {
    pub(crate) fn new() -> Self {
        let bytes = (0..PERIOD as u64).map(|at| mix(at) as u8);
        Self { row: bytes.cycle().take(PERIOD + CHUNK).collect() }
    }

    /// The place where a message of a client starts.
    pub(crate) fn start(client: u64, message: u32) -> usize {
        (mix(client << 32 | u64::from(message)) % PERIOD as u64) as usize
    }

    /// The bytes from `at` on of a message that starts at `start`: at most `most`, and at most [`CHUNK`].
    pub(crate) fn bytes(&self, start: usize, at: usize, most: usize) -> &[u8] {
        let first = (start + at) % PERIOD;
        &self.row[first..first + most.min(CHUNK)]
    }
}

/// The output function of the random generator `SplitMix64`.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_make_the_same_message() {
        let pattern = Pattern::new();
        let start = PERIOD - 10;
        let whole: Vec<u8> = (0..200_000).map(|at| pattern.bytes(start, at, 1)[0]).collect();
        let mut at = 0;
        for most in [1, 9, 10, 11, 1000, CHUNK, CHUNK + 1].into_iter().cycle() {
            if at + CHUNK > whole.len() {
                break;
            }
            let piece = pattern.bytes(start, at, most);
            assert_eq!(piece.len(), most.min(CHUNK));
            assert_eq!(piece, &whole[at..at + piece.len()]);
            at += piece.len();
        }
    }

    #[test]
    fn messages_and_clients_differ() {
        let pattern = Pattern::new();
        let message = |client, message| pattern.bytes(Pattern::start(client, message), 0, 64);
        assert_ne!(message(0, 0), message(0, 1));
        assert_ne!(message(0, 0), message(1, 0));
        assert_ne!(message(0, 1), message(1, 0));
    }
}
