//! The order of the functions in a wasm. It has no meaning, but gzip finds only what was repeated within 32 kB, and the code
//! is many times that: with like beside like it compresses 3 % better. No rule finds the best order: of some, the smallest stays.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::io::Write as _;

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{BinaryReaderError, CodeSectionReader, FunctionSectionReader, Operator, Parser, Payload, TypeRef};

/// Functions are alike when they share pieces of code of this many bytes; measured with 3 to 8.
const PIECE: usize = 5;
/// How much the likeness to the last function counts, beside that to all within the window.
const LAST: [f64; 2] = [0.8, 0.9];
/// So far back gzip finds what was repeated, and somewhat less: the next functions need room too.
const WINDOWS: [usize; 2] = [24_000, 32_000];
/// So many of the functions come first that are called most: a call of one of the first 128 takes a byte less.
const COMMON: [usize; 3] = [24, 40, 48];

/// The same module with functions that are alike side by side.
pub fn like_beside_like(wasm: &[u8]) -> Result<Vec<u8>> {
    let (mut imported, mut bodies, mut calls) = (0, Vec::new(), HashMap::<u32, u32>::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    if let Operator::Call { function_index } = operator? {
                        *calls.entry(function_index).or_default() += 1;
                    }
                }
                bodies.push(body.as_bytes());
            }
            _ => {}
        }
    }
    let mut common: Vec<_> = calls.into_iter().filter(|(function, _)| *function >= imported).collect();
    common.sort_by_key(|(function, times)| (Reverse(*times), *function));
    let common: Vec<_> = common.into_iter().map(|(function, _)| (function - imported) as usize).collect();
    let mut smallest: Option<(usize, Vec<u8>)> = None;
    let orders = WINDOWS.into_iter().flat_map(|window| COMMON.map(|many| (window, many)));
    for (window, many, last) in orders.flat_map(|(window, many)| LAST.map(|last| (window, many, last))) {
        let common = common.iter().copied().take(many).collect();
        let mut module = Module::new();
        Reordered { imported, places: chain(&bodies, common, window, last) }
            .parse_core_module(&mut module, Parser::new(0), wasm)
            .context("the functions could not be put in order")?;
        let module = module.finish();
        let size = zipped(&module)?;
        if smallest.as_ref().is_none_or(|(best, _)| size < *best) {
            smallest = Some((size, module));
        }
    }
    Ok(smallest.map_or_else(|| wasm.to_vec(), |(_, module)| module))
}

/// How many bytes are left after gzip.
fn zipped(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

/// The place of each function in a chain, the common ones first: each is followed by the one most like it, and like those
/// within reach, among those that are left.
#[expect(clippy::indexing_slicing, reason = "all numbers are those of the functions")]
fn chain(bodies: &[&[u8]], common: Vec<usize>, reach: usize, weight: f64) -> Vec<u32> {
    let pieces: Vec<HashSet<&[u8]>> = bodies.iter().map(|body| body.windows(PIECE).collect()).collect();
    let mut holders: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (function, pieces) in pieces.iter().enumerate() {
        for piece in pieces {
            holders.entry(piece).or_default().push(function);
        }
    }
    // The functions within the window, how many of them hold each piece, and how many pieces of each function they hold.
    let (mut window, mut size) = (VecDeque::new(), 0);
    let mut held: HashMap<&[u8], u32> = HashMap::new();
    let mut known = vec![0; bodies.len()];
    let mut places = vec![0; bodies.len()];
    let mut place = 0;
    let others = (0..bodies.len()).filter(|function| !common.contains(function)).collect();
    for mut left in [common, others] {
        while !left.is_empty() {
            let mut shared = vec![0; bodies.len()];
            let last = window.back().map_or(0, |last: &usize| {
                for holder in pieces[*last].iter().flat_map(|piece| &holders[piece]) {
                    shared[*holder] += 1;
                }
                pieces[*last].len()
            });
            let likeness = |function: &usize| {
                let (own, shared) = (pieces[*function].len() as f64, f64::from(shared[*function]));
                weight * shared / (last as f64 + own - shared).max(1.0)
                    + (1.0 - weight) * f64::from(known[*function]) / own.max(1.0)
            };
            let Some(next) = left.iter().rev().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b))) else {
                break;
            };
            left.retain(|function| *function != next);
            places[next] = place;
            place += 1;
            window.push_back(next);
            size += bodies[next].len();
            for piece in &pieces[next] {
                let times = held.entry(piece).or_default();
                *times += 1;
                if *times == 1 {
                    holders[piece].iter().for_each(|holder| known[*holder] += 1);
                }
            }
            while size > reach && window.len() > 1 {
                let Some(gone) = window.pop_front() else { break };
                size -= bodies[gone].len();
                for piece in &pieces[gone] {
                    let times = held.entry(piece).or_default();
                    *times -= 1;
                    if *times == 0 {
                        holders[piece].iter().for_each(|holder| known[*holder] -= 1);
                    }
                }
            }
        }
    }
    places
}

/// Writes a module anew with its functions in other places.
struct Reordered {
    imported: u32,
    places: Vec<u32>,
}

type Outcome<T> = Result<T, Error<Infallible>>;

impl Reordered {
    /// What belongs to the functions, in their new order.
    fn ordered<T>(&self, things: impl Iterator<Item = Result<T, BinaryReaderError>>) -> Outcome<Vec<T>> {
        let mut placed: Vec<_> = self.places.iter().zip(things.collect::<Result<Vec<_>, _>>()?).collect();
        placed.sort_by_key(|(place, _)| **place);
        Ok(placed.into_iter().map(|(_, thing)| thing).collect())
    }
}

impl Reencode for Reordered {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Outcome<u32> {
        let place = function.checked_sub(self.imported).and_then(|own| self.places.get(own as usize));
        Ok(place.map_or(function, |place| self.imported + place))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Outcome<()> {
        for r#type in self.ordered(section.into_iter())? {
            functions.function(self.type_index(r#type)?);
        }
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, section: CodeSectionReader<'_>) -> Outcome<()> {
        for body in self.ordered(section.into_iter())? {
            self.parse_function_body(code, body)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function, ImportSection, RefType,
        TableSection, TableType, TypeSection, ValType,
    };
    use wasmparser::{Operator, Validator};

    use super::*;

    #[test]
    fn a_chain_puts_like_beside_like() {
        let bodies: [&[u8]; 5] = [b"first kind: a", b"something else", b"first kind: b", b"something other", b""];
        let places = chain(&bodies, Vec::new(), 100, 0.8);
        let mut sorted = places.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4]);
        assert_eq!(places[0].abs_diff(places[2]), 1);
        assert_eq!(places[1].abs_diff(places[3]), 1);
        assert_eq!(chain(&bodies, vec![3], 100, 0.8)[3], 0);
        assert_eq!(chain(&bodies, vec![3], 100, 0.8)[1], 1);
    }

    #[test]
    fn calls_exports_and_tables_mean_the_same_functions() {
        let ordered = like_beside_like(&module()).unwrap();
        Validator::new().validate_all(&ordered).unwrap();
        assert_ne!(ordered, module());
        assert_eq!(meaning(&ordered), meaning(&module()));
    }

    /// One import, four functions, each of a type of its own and with constants by which it is known.
    fn module() -> Vec<u8> {
        let mut types = TypeSection::new();
        let mut imports = ImportSection::new();
        let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
        types.ty().function([], []);
        imports.import("host", "call", EntityType::Function(0));
        for (number, constant) in [(1, 1_000_000), (2, 77), (3, 1_000_000), (4, 77)] {
            types.ty().function(vec![ValType::I64; number], []);
            functions.function(number as u32);
            let mut body = Function::new([]);
            for _ in 0..number + 2 {
                body.instructions().i32_const(constant).drop().call(0);
            }
            for _ in 1..number {
                body.instructions().i64_const(7);
            }
            body.instructions().call(if number == 1 { 0 } else { number as u32 - 1 }).end();
            code.function(&body);
        }
        let mut tables = TableSection::new();
        let of = |size| TableType {
            element_type: RefType::FUNCREF,
            minimum: size,
            maximum: None,
            table64: false,
            shared: false,
        };
        tables.table(of(5));
        let mut exports = ExportSection::new();
        exports.export("third", ExportKind::Func, 3);
        let mut elements = ElementSection::new();
        elements.active(None, &ConstExpr::i32_const(0), Elements::Functions((&[0, 1, 2, 3, 4][..]).into()));
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&tables);
        module.section(&exports).section(&elements).section(&code);
        module.finish()
    }

    /// Which type and body stand behind each entry of the table and the export, with calls followed.
    fn meaning(wasm: &[u8]) -> Vec<String> {
        let (mut types, mut bodies, mut roots) = (vec![0], vec![Vec::new()], Vec::new());
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.unwrap() {
                Payload::FunctionSection(section) => types.extend(section.into_iter().map(Result::unwrap)),
                Payload::ExportSection(section) => roots.extend(section.into_iter().map(|e| e.unwrap().index)),
                Payload::ElementSection(section) => {
                    for element in section {
                        if let wasmparser::ElementItems::Functions(functions) = element.unwrap().items {
                            roots.extend(functions.into_iter().map(Result::unwrap));
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    bodies.push(body.get_operators_reader().unwrap().into_iter().map(Result::unwrap).collect());
                }
                _ => {}
            }
        }
        fn told(function: u32, types: &[u32], bodies: &[Vec<Operator>]) -> String {
            let operators = bodies[function as usize].iter().map(|operator| match operator {
                Operator::Call { function_index } => told(*function_index, types, bodies),
                other => format!("{other:?}"),
            });
            format!("{}: {:?}", types[function as usize], operators.collect::<Vec<_>>())
        }
        roots.into_iter().map(|root| told(root, &types, &bodies)).collect()
    }
}
