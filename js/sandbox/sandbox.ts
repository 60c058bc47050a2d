import { type AdditionInput, type AdditionKind, additions } from './digistore24/additions.js';
import { type FaultRule, Faults } from './faults.js';
import { createContact, deleteContact, mergeContacts } from './ghl/contact-store.js';
import type { Contact } from './ghl/data.js';
import { furnish } from './ghl/data.js';
import { type AffiliationInput, affiliation, connectionTest } from './ipn/messages.js';
import { type Delivery, deliver, type SendOptions } from './ipn/sender.js';
import type { IpnMessage } from './ipn/sign.js';
import { Story, type StoryOptions } from './ipn/story.js';
import type { RequestEntry } from './requests.js';
import { DEFAULT_LOCATION_ID, type Settings, type SettingsPatch } from './settings.js';
import { World, type WorldOptions } from './state.js';
import { type SandboxState, stateOf } from './view.js';

/** What one can do with a sandbox, whether from JavaScript or over HTTP. */
export class SandboxControl {
  readonly world: World;
  readonly faults: Faults;
  readonly #stories = new Map<string, Story>();
  #sending = new AbortController();

  constructor(options: WorldOptions) {
    this.world = new World(options);
    this.faults = new Faults(this.world);
  }

  /** All that both services hold, the trigger recorder and the deliveries; detached. */
  state(): SandboxState {
    return stateOf(this.world);
  }

  /** Back to the beginning, without faults. Deliveries under way are given up. */
  reset(): void {
    this.stop();
    this.#sending = new AbortController();
    this.#stories.clear();
    this.faults.clear();
    this.world.reset();
  }

  /** Gives up the deliveries under way. */
  stop(): void {
    this.#sending.abort();
  }

  /** Changes settings; a location that is new gets its pipeline, workflows, user and calendar. */
  configure(patch: SettingsPatch): Settings {
    const settings = this.world.configure(patch);
    for (const id of Object.keys(settings.locations)) furnish(this.world.ghl, id, this.world.ids);
    return settings;
  }

  /** Arms a fault. */
  fault(rule: FaultRule): void {
    this.faults.add(rule);
  }

  /** Ends all access tokens of apps now. Their refresh tokens stay good. */
  expireTokens(): void {
    for (const token of this.world.ghl.oauth.tokens.values()) token.expiresAt = this.world.now();
  }

  /** Ends all authorisations of apps, as a person does who removes the app. */
  revokeApps(): void {
    this.expireTokens();
    this.world.ghl.oauth.refreshTokens.clear();
  }

  /** Disarms all faults. */
  clearFaults(): void {
    this.faults.clear();
  }

  /** The requests that both services got, the oldest first. */
  requests(): RequestEntry[] {
    return structuredClone(this.world.requests);
  }

  /** Begins an order. */
  story(options: StoryOptions = {}): Story {
    return this.#kept(new Story(this.world, options));
  }

  /** The story of an order that was begun here, its upsells and upgrades as well. */
  findStory(orderId: string): Story | undefined {
    return this.#stories.get(orderId);
  }

  /** An upsell of an order. */
  upsell(story: Story, options: StoryOptions = {}): Story {
    return this.#kept(story.upsell(options));
  }

  /** An order that replaces an order. */
  upgrade(story: Story, options: Parameters<Story['upgrade']>[0] = {}): Story {
    return this.#kept(story.upgrade(options));
  }

  /** The message of the button "test connection". */
  connectionTest(): IpnMessage {
    return connectionTest(this.world.settings);
  }

  /** The message that an affiliate has been approved. */
  affiliation(input: AffiliationInput = {}): IpnMessage {
    return affiliation(this.world.settings, input);
  }

  /**
   * Signs a message and delivers it, with retries. Without an address it goes to the connection
   * that `ipnSetup` made last.
   */
  sendIpn(message: IpnMessage, options: Partial<SendOptions> = {}): Promise<Delivery> {
    const connection = [...this.world.ds24.ipnConnections.values()].at(-1);
    const to = options.to ?? connection?.ipnUrl;
    if (!to) throw new Error('sendIpn: neither an address nor an IPN connection');
    const passphrase = options.passphrase ?? connection?.passphrase ?? '';
    return deliver(this.world, message, { ...options, to, passphrase }, this.#sending.signal);
  }

  /** Adds what people or Digistore24 itself do to its state: a ticket, a delivery, a refund request, … */
  addToDigistore24(kind: AdditionKind, input: AdditionInput = {}): Record<string, unknown> {
    if (!Object.hasOwn(additions, kind))
      throw new Error(`There is no kind ${kind}: ${Object.keys(additions).join(', ')}`);
    return additions[kind](this.world, input);
  }

  /** Gives a custom field what may be chosen, as a person does in HighLevel. */
  setOptions(fieldId: string, options: string[]): void {
    const field = this.world.ghl.customFields.get(fieldId);
    if (!field) throw new Error(`There is no custom field ${fieldId}`);
    field.picklistOptions = options;
  }

  /** Brings in so many contacts at once, as a person does with a file. */
  importContacts(count: number): void {
    const locationId = DEFAULT_LOCATION_ID;
    const first = this.world.ghl.contacts.size + 1;
    for (let i = first; i < first + count; i++) {
      const fields = { firstName: 'Import', lastName: `No ${i}`, email: `import-${i}@example.com` };
      createContact(this.world, locationId, { fields, custom: new Map() });
    }
  }

  /** Deletes a contact, as a person does in HighLevel. */
  deleteContact(id: string): void {
    deleteContact(this.world, this.#contact(id));
  }

  /** Merges one contact into another, as a person does in HighLevel. */
  mergeContacts(winnerId: string, loserId: string): void {
    mergeContacts(this.world, this.#contact(winnerId), this.#contact(loserId));
  }

  #contact(id: string): Contact {
    const contact = this.world.ghl.contacts.get(id);
    if (!contact || contact.removed) throw new Error(`There is no contact ${id}`);
    return contact;
  }

  #kept(story: Story): Story {
    this.#stories.set(story.orderId, story);
    return story;
  }
}
