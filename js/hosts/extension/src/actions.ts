import { type Plugin, PluginError } from 'ghl-digistore24';
import type { Action, Done, Product } from './messages.js';
import { word } from './ui/words.js';

/** A personal link is good for two days: long enough for a conversation. */
const LINK_VALID = '48h';

/** Carries an action out. */
export async function perform(plugin: Plugin, action: Action): Promise<Done> {
  const { contactId } = action;
  switch (action.kind) {
    case 'addTag':
      await plugin.ghl.contacts.addTags({ contactId, tags: [action.tag.trim()] });
      return {};
    case 'note':
      await plugin.ghl.contacts.createNote({ contactId, body: action.body.trim() });
      return {};
    case 'completeTask':
      await plugin.ghl.contacts.updateTaskCompleted({ contactId, taskId: action.taskId, completed: true });
      return {};
    case 'stopRebilling':
      await plugin.digistore24.stopRebilling({ purchase_id: action.orderId });
      return {};
    case 'buyLink': {
      const { contact } = await plugin.ghl.contacts.getContact({ contactId });
      const { email, firstName, lastName } = contact ?? {};
      const buyer = {
        ...(email && { email }),
        ...(firstName && { first_name: firstName }),
        ...(lastName && { last_name: lastName }),
      };
      const { url } = await plugin.digistore24.createBuyUrl({
        product_id: action.productId,
        valid_until: LINK_VALID,
        ...(email && { buyer: { ...buyer, readonly_keys: 'email' } }),
      });
      if (!url) return {};
      if (!action.asNote) return { url };
      try {
        await plugin.ghl.contacts.createNote({ contactId, body: word('linkNote', url) });
      } catch (error) {
        // The link is there all the same.
        if (!(error instanceof PluginError)) throw error;
        const { code, message, help } = error;
        return { url, noteTrouble: { code, message, help } };
      }
      return { url };
    }
  }
}

/** What can be sold, by name. */
export async function products(plugin: Plugin): Promise<Product[]> {
  const { products: rows = [] } = await plugin.digistore24.listProducts({ sort_by: 'name' });
  return rows.map(({ id, name }) => ({ id: String(id), name: String(name ?? id) }));
}
