import { needed, text } from './args.js';
import { badParameter, CallError, unknownThing } from './errors.js';
import type { Functions } from './functions.js';
import { yesNo } from './views.js';

const PERMISSIONS: Record<string, 'full' | 'readonly'> = { writable: 'full', 'read-only': 'readonly' };

/** The dialogue in which a vendor grants an app a key. The page itself is in the room's index. */
export const keyFunctions: Functions = {
  requestApiKey: {
    developer: true,
    run(world, args, caller) {
      const permission = PERMISSIONS[needed(args, 'permissions')];
      if (!permission) throw badParameter('permissions must be one of read-only, writable');
      const returnUrl = needed(args, 'return_url');
      if (!returnUrl.startsWith('https://')) throw badParameter('return_url must be an https address');
      const token = world.ids.key('keyRequest', 20);
      const cancelUrl = text(args, 'cancel_url') || returnUrl;
      world.ds24.keyRequests.set(token, { permission, returnUrl, cancelUrl, status: 'pending' });
      return { request_url: `${caller.baseUrl}/connect/${token}`, request_token: token };
    },
  },

  retrieveApiKey: {
    developer: true,
    run(world, args) {
      const token = needed(args, 'token');
      const request = world.ds24.keyRequests.get(token);
      if (!request) throw unknownThing('API key request', token);
      return { api_key: request.key ?? '', request_status: request.status, note: '' };
    },
  },

  unregister: {
    writes: true,
    run(world, _args, caller) {
      if (!caller.isGranted) throw new CallError(world.settings.permissionErrorCode, 'Permission denied');
      const { [caller.key]: _gone, ...apiKeys } = world.settings.apiKeys;
      world.settings = { ...world.settings, apiKeys };
      return { modified: yesNo(true), note: '' };
    },
  },
};
