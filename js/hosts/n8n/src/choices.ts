import type { JsonObject } from 'ghl-digistore24';
import { type Choice, type ChoiceSource, type Field, formOf, loadChoices } from 'ghl-digistore24/form';
import type { ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';
import type { Entry } from './entry.js';
import { nodeError } from './errors.js';
import { withPlugin } from './plugin.js';
import { methodOf, parameterOf } from './properties.js';

type LoadOptions = Record<string, (this: ILoadOptionsFunctions) => Promise<INodePropertyOptions[]>>;

/** The methods that load drop-downs: one for each source of choices in these entries' forms. */
export function loadOptionsOf(entries: readonly Entry[]): LoadOptions {
  const sources = entries.flatMap((entry) => formOf(entry).flatMap(sourcesOf));
  return Object.fromEntries(sources.map((source) => [methodOf(source), choicesBy(source)]));
}

const sourcesOf = (field: Field): ChoiceSource[] => [
  ...(field.choices ? [field.choices] : []),
  ...(field.fields ?? []).flatMap(sourcesOf),
];

const choicesBy = (source: ChoiceSource): LoadOptions[string] =>
  async function () {
    const parameters = this.getCurrentNodeParameters() ?? {};
    const given = { ...parameters, ...(parameters['additional'] as object | undefined) } as JsonObject;
    const needed = Object.values({ ...source.with, ...source.where });
    const values = Object.fromEntries(needed.map((name) => [name, given[parameterOf(name)] ?? null]));
    try {
      return (await withPlugin(this, (plugin) => loadChoices(plugin, source, values))).map(optionOf);
    } catch (thrown) {
      throw nodeError(this.getNode(), thrown);
    }
  };

const optionOf = ({ value, label }: Choice): INodePropertyOptions => ({ name: label, value });
