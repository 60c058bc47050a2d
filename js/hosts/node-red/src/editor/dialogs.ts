import type { TypedValues } from '../runtime/typed.js';
import { ask, type Form, textOf } from './api.js';
import { drawConnection } from './connection.js';
import { drawFields } from './fields.js';
import { drawPicker } from './picker.js';

/** What is used here of Node-RED's editor. */
declare const RED: {
  nodes: { registerType(type: string, definition: object & ThisType<Edited>): void };
  settings: { httpNodeRoot?: string | false };
};

const CONNECTION = 'ghl-digistore24-connection';
const ROOT = '/ghl-digistore24';
const shared = {
  category: 'Digistore24',
  color: '#bfe3d0',
  icon: 'ghl-digistore24.svg',
} as const;

/** A node as its dialog has it. */
interface Edited {
  id: string;
  name: string;
  locationId?: string;
  connection: string;
  operation?: string;
  trigger?: string;
  operationTitle?: string;
  fields: TypedValues;
  minutes?: string;
}

/** Reads the fields of the dialog that is open. */
let readFields: () => TypedValues = () => ({});
let form: Form | undefined;

/** Draws the part that follows from what is chosen. */
async function drawForm(node: Edited, id: string, values: TypedValues, hasMessage: boolean): Promise<void> {
  const root = $('#gd-fields').empty();
  form = undefined;
  readFields = () => values;
  $('.gd-polling, .gd-list').hide();
  showWebhooks([]);
  if (id === '') {
    if (!hasMessage) showWebhooks(['ipn', 'workflow-webhook']);
    readFields = () => ({});
    return;
  }
  try {
    form = await ask<Form>(`forms/${encodeURIComponent(id)}`);
  } catch (thrown) {
    root.append($('<div class="gd-wrong"></div>').text(textOf(thrown)));
    return;
  }
  const connection = () => String($('#node-input-connection').val() ?? '');
  readFields = drawFields(root, { form, values, hasMessage, connection });
  $('.gd-list').toggle(form.isList);
  const isPolled = form.arrives.length === 1 && form.arrives[0] === 'polling';
  $('.gd-polling').toggle(isPolled);
  showWebhooks(isPolled ? [] : form.arrives);
  node.operationTitle = form.title;
}

/** Where the service has to send to, for the ways by which the trigger's events come. */
function showWebhooks(ways: readonly string[]): void {
  const root = $('#gd-webhooks').empty();
  const id = String($('#node-input-connection').val() ?? '');
  if (ways.length === 0) return;
  if (!id || id === '_ADD_') {
    root.text('Choose a connection: its addresses for webhooks are shown here.');
    return;
  }
  const lines: [string, string][] = [];
  if (ways.includes('ipn')) lines.push(['Digistore24, IPN connection', addressOf(id, 'digistore24')]);
  if (ways.includes('app-webhook')) lines.push(['HighLevel, app of the marketplace', addressOf(id, 'ghl')]);
  if (ways.includes('workflow-webhook'))
    lines.push([
      'HighLevel, action “Webhook” of a workflow',
      `${addressOf(id, 'ghl-workflow')}/default/YOUR-WORKFLOW-TOKEN`,
    ]);
  for (const [title, address] of lines)
    root.append($('<label></label>').text(title), $('<input type="text" readonly>').val(address).on('focus', select));
  if (ways.includes('workflow-webhook') && form?.wireEvent)
    root.append($('<div class="gd-help"></div>').text(`Custom data of the workflow: event = ${form.wireEvent}`));
}

function select(this: HTMLElement): void {
  (this as HTMLInputElement).select();
}

/** Seen from the browser; behind a proxy the host may be another one. */
export function addressOf(connection: string, service: string): string {
  const { httpNodeRoot } = RED.settings;
  const root = `${location.origin}${httpNodeRoot || '/'}`.replace(/\/+$/, '');
  return `${root}${ROOT}/${connection}/webhooks/${service}`;
}

RED.nodes.registerType(CONNECTION, {
  category: 'config',
  defaults: {
    name: { value: '' },
    locationId: { value: '' },
    mapping: { value: '' },
    highlevelUrl: { value: '' },
    digistore24Url: { value: '' },
  },
  credentials: {
    token: { type: 'password' },
    apiKey: { type: 'password' },
    ipnPassphrase: { type: 'password' },
    workflowToken: { type: 'password' },
  },
  label() {
    return this.name || this.locationId || 'HighLevel + Digistore24';
  },
  oneditprepare() {
    drawConnection(this, addressOf);
  },
});

RED.nodes.registerType('ghl-digistore24-action', {
  ...shared,
  defaults: {
    name: { value: '' },
    connection: { value: '', type: CONNECTION, required: true },
    operation: { value: '', required: true },
    operationTitle: { value: '' },
    fields: { value: {} },
    limit: { value: '', validate: (value: string) => !value || Number(value) >= 1 },
  },
  inputs: 1,
  outputs: 1,
  paletteLabel: 'GHL + DS24 action',
  label() {
    return this.name || this.operationTitle || 'action';
  },
  oneditprepare() {
    let chosen = this.operation ?? '';
    drawPicker($('#gd-picker'), {
      kind: 'actions',
      chosen,
      onChoose: (id) => {
        $('#node-input-operation').val(id);
        void drawForm(this, id, id === chosen ? this.fields : {}, true);
        chosen = id;
      },
    });
    if (chosen) void drawForm(this, chosen, this.fields, true);
  },
  oneditsave() {
    this.fields = readFields();
    $('#node-input-operationTitle').val(form?.title ?? this.operationTitle ?? '');
  },
});

RED.nodes.registerType('ghl-digistore24-trigger', {
  ...shared,
  defaults: {
    name: { value: '' },
    connection: { value: '', type: CONNECTION, required: true },
    trigger: { value: '' },
    operationTitle: { value: '' },
    fields: { value: {} },
    minutes: { value: '5', validate: (value: string) => !value || Number(value) > 0 },
  },
  inputs: 0,
  outputs: 1,
  paletteLabel: 'GHL + DS24 trigger',
  label() {
    return this.name || this.operationTitle || 'any event';
  },
  oneditprepare() {
    let chosen = this.trigger ?? '';
    drawPicker($('#gd-picker'), {
      kind: 'triggers',
      chosen,
      first: { id: '', title: 'Any event', description: 'Whatever comes by a webhook of either service.' },
      onChoose: (id) => {
        $('#node-input-trigger').val(id);
        void drawForm(this, id, id === chosen ? this.fields : {}, false);
        chosen = id;
      },
    });
    void drawForm(this, chosen, this.fields, false);
    $('#node-input-connection').on('change', () => {
      const isPolled = form?.arrives.length === 1 && form.arrives[0] === 'polling';
      showWebhooks(isPolled ? [] : (form?.arrives ?? ['ipn', 'workflow-webhook']));
    });
  },
  oneditsave() {
    this.fields = readFields();
    const isAny = $('#node-input-trigger').val() === '';
    $('#node-input-operationTitle').val(isAny ? '' : (form?.title ?? this.operationTitle ?? ''));
  },
});

RED.nodes.registerType('ghl-digistore24-sync', {
  ...shared,
  defaults: {
    name: { value: '' },
    connection: { value: '', type: CONNECTION, required: true },
  },
  inputs: 1,
  outputs: 1,
  paletteLabel: 'GHL + DS24 sync',
  label() {
    return this.name || 'sync to HighLevel';
  },
  oneditprepare() {
    const show = () => showWebhooks(['ipn', 'app-webhook', 'workflow-webhook']);
    form = undefined;
    show();
    $('#node-input-connection').on('change', show);
  },
});
