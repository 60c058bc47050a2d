import { berlinTime } from '../berlin.js';
import { checkIpnUrl } from '../ipn/sender.js';
import type { World } from '../state.js';
import { type Args, needed, text } from './args.js';
import type { IpnConnection } from './data.js';
import { badParameter } from './errors.js';
import type { Caller, Functions } from './functions.js';
import { yesNo } from './views.js';

const DEFAULT_TRANSACTIONS = 'payment,refund,chargeback,payment_missed';
const MAX_PASSPHRASE = 63;

/** The account and the webhook connections. */
export const systemFunctions: Functions = {
  ping: {
    run: (world) => ({ server_time: berlinTime(world.now()) }),
  },

  getUserInfo: {
    run: (world, _args, caller) => ({
      user_id: world.settings.merchantId,
      user_name: world.settings.merchantName,
      granted_roles: 'vendor',
      granted_roles_msg: 'Vendor',
      api_key_id: caller.keyId,
      api_key_permissions: caller.permission === 'full' ? 'writable' : 'readonly',
      thankyou_page_key: 'sandbox-thankyou-key',
    }),
  },

  ipnSetup: {
    writes: true,
    async run(world, args, caller) {
      const ipnUrl = needed(args, 'ipn_url');
      const name = needed(args, 'name');
      const productIds = needed(args, 'product_ids');
      const problem = await checkIpnUrl(ipnUrl, world.settings.replyTimeoutMs);
      if (problem) throw badParameter(`The IPN URL is not usable: ${problem}`);
      const domainId = text(args, 'domain_id') || name;
      const key = connectionKey(caller, domainId);
      const before = world.ds24.ipnConnections.get(key);
      const connection: IpnConnection = {
        id: before?.id ?? String(world.ids.number('ipnConnection', 654_001)),
        name,
        domainId,
        ipnUrl,
        productIds,
        categories: text(args, 'categories') || 'orders',
        transactions: text(args, 'transactions') || DEFAULT_TRANSACTIONS,
        timing: text(args, 'timing') || 'before_thankyou',
        passphrase: passphrase(world, args),
        newsletterSendPolicy: text(args, 'newsletter_send_policy') || 'send_always',
        apiKeyId: caller.keyId,
      };
      world.ds24.ipnConnections.set(key, connection);
      return {
        created: yesNo(!before),
        updated: yesNo(before !== undefined),
        deleted: 'N',
        domain_id: domainId,
        sha_passphrase: connection.passphrase,
        ipn_config_id: connection.id,
        ipn_id: connection.id,
      };
    },
  },

  ipnInfo: {
    run(world, args, caller) {
      const connection = world.ds24.ipnConnections.get(connectionKey(caller, text(args, 'domain_id')));
      if (!connection) return { have_settings: 'N', ipn_settings: {} };
      return {
        have_settings: 'Y',
        ipn_settings: {
          name: connection.name,
          domain_id: connection.domainId,
          product_ids: connection.productIds,
          ipn_url: connection.ipnUrl,
          categories: connection.categories,
          transactions: connection.transactions,
          timing: connection.timing,
          sha_passphrase: connection.passphrase,
          newsletter_send_policy: connection.newsletterSendPolicy,
        },
      };
    },
  },

  ipnDelete: {
    writes: true,
    run(world, args, caller) {
      const domainId = needed(args, 'domain_id');
      const modified = world.ds24.ipnConnections.delete(connectionKey(caller, domainId));
      return { modified: yesNo(modified), domain_id: domainId };
    },
  },
};

/** The same domain id of the same API key is the same connection: it is overwritten silently. */
function connectionKey(caller: Caller, domainId: string): string {
  return `${caller.keyId}/${domainId}`;
}

function passphrase(world: World, args: Args): string {
  const asked = text(args, 'sha_passphrase');
  if (asked === 'random') return world.ids.key('passphrase', 30);
  if (asked.length > MAX_PASSPHRASE) {
    throw badParameter(`sha_passphrase must not be longer than ${MAX_PASSPHRASE} characters`);
  }
  return asked;
}
