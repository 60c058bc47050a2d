//! What the packed catalog is written into, and the numbers of what is used more than once.

use std::collections::HashMap;

/// Structure and texts, apart: together they compress worse.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Out {
    pub(crate) bytes: Vec<u8>,
    pub(crate) texts: Vec<u8>,
}

impl Out {
    pub(crate) fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(crate) fn extend(&mut self, other: &Out) {
        self.bytes.extend_from_slice(&other.bytes);
        self.texts.extend_from_slice(&other.texts);
    }
}

pub(crate) fn varint(out: &mut Out, mut n: usize) {
    while n >= 0x80 {
        out.push((n & 0x7F) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Things one behind the other, and before them a table with the lengths of the two parts of each.
pub(crate) fn list(out: &mut Out, things: &[Out]) {
    let mut table = Out::default();
    for thing in things {
        varint(&mut table, thing.bytes.len());
        varint(&mut table, thing.texts.len());
    }
    varint(out, table.bytes.len());
    out.extend(&table);
    things.iter().for_each(|thing| out.extend(thing));
}

/// A string or property in use.
#[derive(Clone, Default)]
pub(crate) struct Use {
    /// 0: none.
    pub(crate) number: usize,
    pub(crate) times: usize,
    /// How many others came before.
    pub(crate) first: usize,
}

pub(crate) type Used = HashMap<String, Use>;

/// How many numbers fit one byte, roughly: names lose one of its bits.
pub(crate) const ONE_BYTE: usize = 63;

/// Gives numbers to what is used more than once and has none yet: the most used first, as far as one byte goes, then as they
/// come, which compresses best. What has a number keeps it.
pub(crate) fn number(used: Used) -> Used {
    let (mut numbered, open): (Used, Used) = used.into_iter().partition(|(_, one)| one.number > 0);
    let next = numbered.len() + 1;
    let mut open: Vec<(String, Use)> = open.into_iter().filter(|(_, one)| one.times > 1).collect();
    open.sort_by(|(a, m), (b, n)| n.times.cmp(&m.times).then_with(|| a.cmp(b)));
    let common = open.len().min((ONE_BYTE + 1).saturating_sub(next));
    if let Some(rest) = open.get_mut(common..) {
        rest.sort_by_key(|(_, one)| one.first);
    }
    numbered.extend(open.into_iter().zip(next..).map(|((name, _), number)| (name, Use { number, ..Use::default() })));
    numbered
}

/// The names with numbers above `known`.
pub(crate) fn by_number(used: &Used, known: usize) -> Vec<&str> {
    let mut names: Vec<_> = used.iter().map(|(name, one)| (one.number, name.as_str())).collect();
    names.retain(|(number, _)| *number > known);
    names.sort_unstable();
    names.into_iter().map(|(_, name)| name).collect()
}

pub(crate) fn use_once_more(used: &mut Used, name: &str) -> usize {
    let first = used.len();
    let one = used.entry(name.to_owned()).or_insert(Use { first, ..Use::default() });
    one.times += 1;
    one.number
}
