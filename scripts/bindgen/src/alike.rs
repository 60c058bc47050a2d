//! What means the same and compresses better: gzip doesn't see that two functions do the same with locals of other numbers.
//! `docs/architecture.md` has the measurements.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;

use anyhow::{Context, Result};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{FuncType, Function, FunctionSection, Instruction, MemArg, Module};
use wasmparser::{FunctionBody, FunctionSectionReader, Operator, Parser};

/// The same module with the locals of every function in a common order, and without hints of alignment.
pub fn alike(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::new();
    Alike::default()
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .context("the functions could not be made alike")?;
    Ok(module.finish())
}

#[derive(Default)]
struct Alike {
    /// How many parameters the functions of each type have, and those functions whose bodies are still to come.
    types: Vec<u32>,
    functions: VecDeque<u32>,
    /// The new number of each local of the current function.
    locals: Vec<u32>,
}

type Outcome<T> = Result<T, Error<Infallible>>;

impl Alike {
    fn local(&self, local: u32) -> u32 {
        self.locals.get(local as usize).copied().unwrap_or(local)
    }
}

impl Reencode for Alike {
    type Error = Infallible;

    fn func_type(&mut self, r#type: wasmparser::FuncType) -> Outcome<FuncType> {
        self.types.push(r#type.params().len() as u32);
        utils::func_type(self, r#type)
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Outcome<()> {
        for r#type in section {
            let r#type = r#type?;
            functions.function(r#type);
            self.functions.push_back(self.types.get(r#type as usize).copied().unwrap_or_default());
        }
        Ok(())
    }

    /// Roughly the most used local first, and then as they are met: numbers that are often the same, in like functions above
    /// all. Only among those of one type, so the declarations stay as they are.
    fn new_function_with_parsed_locals(&mut self, body: &FunctionBody<'_>) -> Outcome<Function> {
        let mut uses: HashMap<u32, (u32, usize)> = HashMap::new();
        for operator in body.get_operators_reader()? {
            if let Operator::LocalGet { local_index }
            | Operator::LocalSet { local_index }
            | Operator::LocalTee { local_index } = operator?
            {
                let first = uses.len();
                uses.entry(local_index).or_insert((0, first)).0 += 1;
            }
        }
        let parameters = self.functions.pop_front().unwrap_or_default();
        let mut locals: Vec<u32> = (0..parameters).collect();
        for group in body.get_locals_reader()? {
            let first = locals.len() as u32;
            locals.extend(first..first + group?.0);
            if let Some(group) = locals.get_mut(first as usize..) {
                group.sort_by_key(|local| {
                    uses.get(local).map(|(times, first)| (Reverse(times.ilog2()), *first)).ok_or(())
                });
            }
        }
        let mut numbered: Vec<_> = locals.into_iter().zip(0..).collect();
        numbered.sort_unstable();
        self.locals = numbered.into_iter().map(|(_, number)| number).collect();
        utils::new_function_with_parsed_locals(self, body)
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> Outcome<Instruction<'a>> {
        match operator {
            Operator::LocalGet { local_index } => Ok(Instruction::LocalGet(self.local(local_index))),
            Operator::LocalSet { local_index } => Ok(Instruction::LocalSet(self.local(local_index))),
            Operator::LocalTee { local_index } => Ok(Instruction::LocalTee(self.local(local_index))),
            other => utils::instruction(self, other),
        }
    }

    /// A hint that no engine takes; 0 promises nothing. (Only atomic operations have one that counts: they need threads.)
    fn mem_arg(&mut self, place: wasmparser::MemArg) -> Outcome<MemArg> {
        Ok(MemArg { align: 0, ..utils::mem_arg(self, place)? })
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{CodeSection, MemorySection, MemoryType, TypeSection, ValType};
    use wasmparser::{Payload, Validator};

    use super::*;

    #[test]
    fn locals_are_numbered_by_their_use() {
        let alike = alike(&module()).unwrap();
        Validator::new().validate_all(&alike).unwrap();
        // Parameters stay; of the others the one that is used more, then the one that is met first; the unused last.
        assert_eq!(numbers(&module()), [0, 4, 2, 3, 3, 5]);
        assert_eq!(numbers(&alike), [0, 2, 3, 1, 1, 5]);
    }

    #[test]
    fn no_alignment_is_promised() {
        let aligned = |wasm: &[u8]| {
            operators(wasm, |o| {
                if let Operator::I64Load { memarg } = o { Some((memarg.align, memarg.offset)) } else { None }
            })
        };
        assert_eq!(aligned(&module()), [(3, 8)]);
        assert_eq!(aligned(&alike(&module()).unwrap()), [(0, 8)]);
    }

    /// A function without anything, and one with a parameter, an unused local and four that are used.
    fn module() -> Vec<u8> {
        let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
        types.ty().function([], []);
        types.ty().function([ValType::I32], []);
        functions.function(0).function(1);
        let mut memories = MemorySection::new();
        memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
        let mut empty = Function::new([]);
        empty.instructions().end();
        let mut body = Function::new([(4, ValType::I32), (1, ValType::I64)]);
        let place = MemArg { offset: 8, align: 3, memory_index: 0 };
        body.instructions().local_get(0).local_set(4).local_get(2).local_tee(3).local_set(3);
        body.instructions().i32_const(0).i64_load(place).local_set(5).end();
        code.function(&empty).function(&body);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&memories).section(&code);
        module.finish()
    }

    fn numbers(wasm: &[u8]) -> Vec<u32> {
        operators(wasm, |operator| match operator {
            Operator::LocalGet { local_index }
            | Operator::LocalSet { local_index }
            | Operator::LocalTee { local_index } => Some(local_index),
            _ => None,
        })
    }

    fn operators<T>(wasm: &[u8], told: impl Fn(Operator) -> Option<T>) -> Vec<T> {
        let bodies = Parser::new(0).parse_all(wasm).filter_map(|payload| match payload.unwrap() {
            Payload::CodeSectionEntry(body) => Some(body),
            _ => None,
        });
        bodies.flat_map(|body| body.get_operators_reader().unwrap()).filter_map(|o| told(o.unwrap())).collect()
    }
}
