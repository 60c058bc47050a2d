// workerd, as Cloudflare runs it.
import { createPlugin } from 'ghl-digistore24';
import { guest } from './guest.mjs';

const answer = guest(createPlugin);

export default { fetch: async (request) => Response.json(await answer(await request.json())) };
