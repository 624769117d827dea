//! Makes of a good frame one that is not.

/// SplitMix64: any seed gives a good stream.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).unwrap()
    }
}

/// What JSON is made of, and numbers at their edges.
const PIECES: [&[u8]; 14] = [
    b"\"",
    b"{",
    b"}",
    b"[",
    b",",
    b":",
    b"0",
    b"18446744073709551615",
    b"-1",
    b"null",
    b"1e400",
    b"\\u0000",
    b"\xff",
    b"\"call\":",
];

/// A frame with something wrong in it, most of the time.
pub(super) fn mutate(good: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = good[random.below(good.len())].clone();
    for _ in 0..random.below(4) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes.truncate(at.max(1)),
            3 => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(at..at, piece.iter().copied());
                mend_lengths(&mut bytes, piece.len());
            }
            4 => {
                let other = &good[random.below(good.len())];
                bytes.splice(at.., other[random.below(other.len())..].iter().copied());
            }
            // Another number of the same length, so that the frame stays one.
            _ => bytes
                .iter_mut()
                .filter(|byte| byte.is_ascii_digit())
                .for_each(|byte| *byte = b'0' + u8::try_from(random.below(10)).unwrap()),
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}

/// Makes the head as much longer as was put into it: otherwise nothing behind the lengths is reached.
fn mend_lengths(bytes: &mut [u8], more: usize) {
    if let Some(length) = bytes.first_mut() {
        *length = length.saturating_add(u8::try_from(more).unwrap());
    }
}
