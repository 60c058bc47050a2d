//! Unpacks LZMA (the raw stream of the LZMA specification, with 3 literal context bits and no position bits). The catalog is a
//! sixth smaller so than under gzip; a decoder of a library would cost more than that saves.

/// The bits of a match's length and distance that have probabilities of their own, one table after the other.
mod table {
    pub(super) const IS_MATCH: usize = 0;
    pub(super) const IS_REP: usize = IS_MATCH + 12;
    pub(super) const IS_REP0: usize = IS_REP + 12;
    pub(super) const IS_REP1: usize = IS_REP0 + 12;
    pub(super) const IS_REP2: usize = IS_REP1 + 12;
    pub(super) const IS_REP0_LONG: usize = IS_REP2 + 12;
    pub(super) const SLOT: usize = IS_REP0_LONG + 12;
    pub(super) const SPECIAL: usize = SLOT + 4 * 64;
    pub(super) const ALIGN: usize = SPECIAL + 128;
    pub(super) const LENGTH: usize = ALIGN + 16;
    pub(super) const REP_LENGTH: usize = LENGTH + 2 + 8 + 8 + 256;
    pub(super) const LITERAL: usize = REP_LENGTH + 2 + 8 + 8 + 256;
    pub(super) const END: usize = LITERAL + (0x300 << 3);
}

/// The bytes that `packed` holds, `length` of them. What is damaged gives other bytes or fewer.
pub(super) fn unpack(packed: &[u8], length: usize) -> Vec<u8> {
    let mut decoder = Decoder {
        packed,
        at: 0,
        range: u32::MAX,
        code: 0,
        odds: vec![1 << 10; table::END],
        out: Vec::with_capacity(length),
    };
    for _ in 0..5 {
        decoder.code = decoder.code << 8 | decoder.byte();
    }
    decoder.run(length);
    decoder.out
}

struct Decoder<'a> {
    packed: &'a [u8],
    at: usize,
    range: u32,
    code: u32,
    /// The probability of a 0, of 2048.
    odds: Vec<u16>,
    out: Vec<u8>,
}

impl Decoder<'_> {
    fn byte(&mut self) -> u32 {
        let byte = self.packed.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        byte.into()
    }

    fn shift(&mut self) {
        if self.range < 1 << 24 {
            self.range <<= 8;
            self.code = self.code << 8 | self.byte();
        }
    }

    fn bit(&mut self, place: usize) -> usize {
        let Some(odds) = self.odds.get_mut(place) else { return 0 };
        let bound = (self.range >> 11) * u32::from(*odds);
        let bit = self.code >= bound;
        if bit {
            self.range -= bound;
            self.code -= bound;
            *odds -= *odds >> 5;
        } else {
            self.range = bound;
            *odds += (2048 - *odds) >> 5;
        }
        self.shift();
        usize::from(bit)
    }

    /// A number of so many bits, the highest first, each with its own probability.
    fn tree(&mut self, place: usize, bits: u32) -> usize {
        let mut node = 1;
        for _ in 0..bits {
            node = node << 1 | self.bit(place + node);
        }
        node - (1 << bits)
    }

    /// The same, the lowest first.
    fn reversed(&mut self, place: usize, bits: u32) -> usize {
        let (mut node, mut number) = (1, 0);
        for i in 0..bits {
            let bit = self.bit(place + node);
            node = node << 1 | bit;
            number |= bit << i;
        }
        number
    }

    fn before(&self, distance: usize) -> u8 {
        let place = self.out.len().checked_sub(distance + 1);
        place.and_then(|place| self.out.get(place)).copied().unwrap_or_default()
    }

    fn run(&mut self, length: usize) {
        let (mut state, mut reps) = (0_usize, [0_usize; 4]);
        while self.out.len() < length && self.at <= self.packed.len() + 4 {
            if self.bit(table::IS_MATCH + state) == 0 {
                self.literal(state, reps[0]);
                state = match state {
                    0..4 => 0,
                    4..10 => state - 3,
                    _ => state - 6,
                };
                continue;
            }
            let after_literal = state < 7;
            let count;
            if self.bit(table::IS_REP + state) == 0 {
                reps = [0, reps[0], reps[1], reps[2]];
                count = self.length(table::LENGTH);
                reps[0] = self.distance(count);
                state = if after_literal { 7 } else { 10 };
            } else {
                if self.bit(table::IS_REP0 + state) == 0 {
                    if self.bit(table::IS_REP0_LONG + state) == 0 {
                        state = if after_literal { 9 } else { 11 };
                        self.out.push(self.before(reps[0]));
                        continue;
                    }
                } else if self.bit(table::IS_REP1 + state) == 0 {
                    reps = [reps[1], reps[0], reps[2], reps[3]];
                } else if self.bit(table::IS_REP2 + state) == 0 {
                    reps = [reps[2], reps[0], reps[1], reps[3]];
                } else {
                    reps = [reps[3], reps[0], reps[1], reps[2]];
                }
                count = self.length(table::REP_LENGTH);
                state = if after_literal { 8 } else { 11 };
            }
            for _ in 0..count + 2 {
                self.out.push(self.before(reps[0]));
            }
        }
    }

    fn literal(&mut self, state: usize, distance: usize) {
        let context = if self.out.is_empty() { 0 } else { usize::from(self.before(0) >> 5) };
        let place = table::LITERAL + 0x300 * context;
        let mut node = 1;
        if state >= 7 {
            // After a match the byte that would have followed it tells what to expect.
            let mut expected = usize::from(self.before(distance));
            while node < 0x100 {
                let bit = expected >> 7 & 1;
                expected <<= 1;
                let got = self.bit(place + ((1 + bit) << 8) + node);
                node = node << 1 | got;
                if got != bit {
                    break;
                }
            }
        }
        while node < 0x100 {
            node = node << 1 | self.bit(place + node);
        }
        self.out.push(node as u8);
    }

    fn length(&mut self, place: usize) -> usize {
        if self.bit(place) == 0 {
            return self.tree(place + 2, 3);
        }
        if self.bit(place + 1) == 0 {
            return 8 + self.tree(place + 10, 3);
        }
        16 + self.tree(place + 18, 8)
    }

    fn distance(&mut self, count: usize) -> usize {
        let slot = self.tree(table::SLOT + count.min(3) * 64, 6);
        if slot < 4 {
            return slot;
        }
        let bits = (slot >> 1) as u32 - 1;
        let base = (2 | slot & 1) << bits;
        if slot < 14 {
            return base + self.reversed(table::SPECIAL + base - slot, bits);
        }
        let mut middle = 0;
        for _ in 4..bits {
            self.range >>= 1;
            let bit = self.code >= self.range;
            if bit {
                self.code -= self.range;
            }
            self.shift();
            middle = middle << 1 | usize::from(bit);
        }
        base + (middle << 4) + self.reversed(table::ALIGN, 4)
    }
}
