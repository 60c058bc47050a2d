// Compares every catalog entry with the published specifications of both services: HighLevel's by way of the importer.
// The specifications are not part of this project: the check runs where the folder exists (see `specsDir`).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readSpecification as readDigistore24 } from '../import/digistore24.mjs';
import { entryOf } from '../import/digistore24-entry.mjs';
import { readSpecification } from '../import/openapi.mjs';
import { propose } from '../import/propose.mjs';
import { placeOf, published, specsDir } from './catalog.mjs';
import { exceptions } from './exceptions.mjs';

const list = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const sameSet = (a, b) => same([...new Set(a)].map(String).sort(), [...new Set(b)].map(String).sort());

/** Turns a schema, ours or theirs, into one comparable shape: { types, properties, required, values, items, default }. */
function shape(schema, lookUp, depth = 0) {
  if (!schema || depth > 12) return { types: new Set(), properties: {}, required: [], any: true };
  if (schema.$ref) {
    const { $ref, ...beside } = schema;
    return shape({ ...lookUp($ref), ...beside }, lookUp, depth + 1);
  }
  const variants = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (variants) {
    const shapes = variants.map((variant) => shape(variant, lookUp, depth + 1));
    const names = new Set(shapes.flatMap((one) => Object.keys(one.properties)));
    const properties = {};
    for (const name of names) {
      const inOnes = variants
        .map((variant) => (variant.$ref ? lookUp(variant.$ref) : variant).properties?.[name])
        .filter(Boolean);
      properties[name] = inOnes.length === 1 ? inOnes[0] : { anyOf: inOnes };
    }
    const everywhere = (name) => shapes.every((one) => one.required.includes(name));
    return {
      types: new Set(shapes.flatMap((one) => [...one.types])),
      properties,
      required: [...names].filter((name) =>
        schema.allOf ? shapes.some((one) => one.required.includes(name)) : everywhere(name),
      ),
      values: shapes.flatMap((one) => one.values ?? []),
      items: shapes.find((one) => one.items)?.items,
      default: schema.default,
      any: shapes.some((one) => one.any),
    };
  }
  const types = new Set(list(schema.type));
  if (schema.nullable) types.add('null');
  return {
    types,
    properties: schema.properties ?? {},
    required: schema.required ?? [],
    values: schema.enum,
    items: schema.items,
    default: schema.default,
    any: types.size === 0 && !schema.properties && !schema.enum,
  };
}

/** Compares what goes in. `say(place, difference)` takes each difference. */
function compareInput(ours, theirs, lookUpOurs, lookUpTheirs, where, say, depth = 0) {
  const mine = shape(ours, lookUpOurs);
  const other = shape(theirs, lookUpTheirs);
  if (!other.any && other.types.size > 0) {
    // An integer is a number with less room; that is no contradiction.
    const widened = [...mine.types].map((type) =>
      type === 'integer' && !other.types.has('integer') ? 'number' : type,
    );
    if (!sameSet(widened, [...other.types])) {
      say(where, 'type', `${[...mine.types].join('|')} here, ${[...other.types].join('|')} there`);
    }
  }
  const values = (set) => (set ?? []).filter((value) => value !== null && value !== '');
  if (!sameSet(values(mine.values), values(other.values))) {
    say(
      where,
      'values',
      `${values(mine.values).join('|') || 'free'} here, ${values(other.values).join('|') || 'free'} there`,
    );
  }
  if (other.default !== undefined && !same(mine.default, other.default)) {
    say(where, 'default', `${mine.default} here, ${other.default} there`);
  }
  if (depth > 8) return;
  if (other.items && mine.items)
    compareInput(mine.items, other.items, lookUpOurs, lookUpTheirs, `${where}[]`, say, depth + 1);
  if (Object.keys(other.properties).length > 0) {
    compareProperties(mine, other, lookUpOurs, lookUpTheirs, `${where}.`, say, depth);
  }
}

function compareProperties(mine, other, lookUpOurs, lookUpTheirs, before, say, depth = 0) {
  for (const [name, theirs] of Object.entries(other.properties)) {
    const where = `${before}${name}`;
    const ours = mine.properties[name];
    if (!ours) {
      say(where, 'missing', 'the specification has it');
      continue;
    }
    if (other.required.includes(name) && !mine.required.includes(name)) say(where, 'required there only', '');
    if (!other.required.includes(name) && mine.required.includes(name)) say(where, 'required here only', '');
    compareInput(ours, theirs, lookUpOurs, lookUpTheirs, where, say, depth + 1);
  }
  for (const name of Object.keys(mine.properties)) {
    if (other.properties[name]) continue;
    say(`${before}${name}`, 'not in the specification', '');
    if (mine.required.includes(name)) say(`${before}${name}`, 'required here only', '');
  }
}

/** Every property that the specification promises in an answer must be known here. More is welcome. */
function compareOutput(ours, theirs, lookUpOurs, lookUpTheirs, where, say, depth = 0) {
  if (depth > 8) return;
  const mine = shape(ours, lookUpOurs);
  const other = shape(theirs, lookUpTheirs);
  if (other.items && mine.items)
    compareOutput(mine.items, other.items, lookUpOurs, lookUpTheirs, `${where}[]`, say, depth + 1);
  for (const [name, schema] of Object.entries(other.properties)) {
    if (mine.properties[name]) {
      compareOutput(mine.properties[name], schema, lookUpOurs, lookUpTheirs, `${where}.${name}`, say, depth + 1);
    } else if (!mine.any) {
      say(`${where}.${name}`, 'missing', 'the specification has it');
    }
  }
}

const ourLookUp = (file) => (ref) => file.$defs[ref.slice('#/$defs/'.length)];

function _pointer(document, ref) {
  let value = document;
  for (const part of ref.slice(2).split('/')) value = value?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  return value;
}

/** HighLevel: the importer, which knows the specification's defects, must find nothing to change. */
function checkHighLevel(file, specs, say) {
  const path = join(specs, 'ghl', `${file.resource}.json`);
  if (!existsSync(path)) return { skipped: `no specification for ${file.resource}`, stale: [] };
  const { file: proposed, notes } = propose(readSpecification(path), file);
  for (const operation of file.operations) {
    const fresh = proposed.operations.find(({ id }) => id === operation.id);
    if (!fresh) say(operation.id, 'operation', 'name', 'the specification has none of this name');
    else differences(operation, fresh, '', (...said) => say(operation.id, ...said));
  }
  // What all share is told once.
  const [{ id }] = file.operations;
  const rest = ({ operations, ...others }) => ({ ...others, ids: operations.map((one) => one.id) });
  differences(rest(file), rest(proposed), file.resource, (...said) => say(id, ...said));
  return { skipped: null, stale: notes };
}

function differences(ours, theirs, at, say) {
  if (same(ours, theirs)) return;
  const isTree = (value) => value && typeof value === 'object' && !Array.isArray(value);
  if (!isTree(ours) || !isTree(theirs)) {
    say(at, 'value', `${JSON.stringify(ours)} here, ${JSON.stringify(theirs)} there`);
    return;
  }
  const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  for (const key of keys) differences(ours[key], theirs[key], `${at} ${key}`.trim(), say);
  if (same(Object.keys(ours).sort(), Object.keys(theirs).sort()) && !same(Object.keys(ours), Object.keys(theirs))) {
    say(at, 'order', `${Object.keys(theirs)}`);
  }
}

/** The entry against the one that the importer would make of the specification and of what is known of its errors. */
function checkDigistore24(file, functions, say) {
  const lookUpOurs = ourLookUp(file);
  const noReferences = () => ({});
  for (const operation of file.operations) {
    const { id } = operation;
    const found = functions.get(id.slice('digistore24.'.length));
    if (!found) {
      say(id, 'route', 'missing', 'the specification has no such function');
      continue;
    }
    const { input, place = {}, wire = {} } = entryOf(found);
    const ours = shape(operation.input, lookUpOurs);
    compareProperties(ours, shape(input, noReferences), lookUpOurs, noReferences, 'input ', (...said) =>
      say(id, ...said),
    );
    for (const key of Object.keys(operation.input.properties)) {
      const there = place[key] ?? 'form';
      if (placeOf(operation, key) !== there) {
        say(id, `input ${key}`, 'place', `${placeOf(operation, key)} here, ${there} there`);
      }
    }
    if (!same(operation.wire ?? {}, wire)) say(id, 'wire', 'names', JSON.stringify(wire));
    compareOutput(operation.output, found.answer, lookUpOurs, noReferences, 'output', (...said) => say(id, ...said));
  }
  return null;
}

/** Reading the large file takes a second. */
const parsed = {};

/** Runs the whole check. `skipped` is a reason when there is nothing to compare with. */
export async function compareWithSpecs({ files = published(), specs = specsDir() } = {}) {
  if (!specs)
    return {
      skipped: 'the published specifications are not here (set SPECS_DIR to their folder)',
      results: [],
      stale: [],
    };
  const used = new Set();
  const results = [];
  const stale = [];
  const wanted = files.some(({ data }) => data.service === 'digistore24');
  if (wanted) parsed[specs] ??= await readDigistore24(join(specs, 'digistore24'));
  const digistore24 = wanted ? parsed[specs] : null;
  for (const { data } of files) {
    const problems = new Map(data.operations.map(({ id }) => [id, []]));
    const excused = new Map(data.operations.map(({ id }) => [id, []]));
    const say = (id, where, what, detail) => {
      const at = `${id} ${where}: ${what}`;
      const exception = exceptions.find((one) => one.at === at);
      if (exception) used.add(exception);
      (exception ? excused : problems)
        .get(id)
        .push(exception ? { at, reason: exception.reason } : `${at}${detail ? ` (${detail})` : ''}`);
    };
    const highlevel = data.service === 'ghl' && checkHighLevel(data, specs, say);
    if (highlevel) stale.push(...highlevel.stale);
    const skipped = highlevel
      ? highlevel.skipped
      : digistore24
        ? checkDigistore24(data, digistore24, say)
        : 'no specification of Digistore24';
    for (const { id } of data.operations) {
      results.push({ id, skipped, problems: problems.get(id), exceptions: excused.get(id) });
    }
  }
  const checked = new Set(results.filter((one) => !one.skipped).map((one) => one.id));
  const unused = exceptions.filter((one) => !used.has(one) && checked.has(one.at.split(' ')[0]));
  stale.push(...unused.map((one) => one.at));
  return { skipped: null, results, stale };
}
