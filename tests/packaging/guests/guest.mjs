// What every host does in the packaging tests; nothing here knows which it is. A command in, an answer out, both JSON.

/** Answers commands with a plugin made by this `createPlugin`, which the host has loaded in its own way. */
export function guest(createPlugin) {
  let plugin;
  const commands = {
    async create(options) {
      await plugin?.close();
      plugin = await createPlugin({ ...options, log() {} });
      return plugin.catalog.list({ id: 'ghl.contacts.addTags' })[0].title;
    },
    async receive({ path, ...request }) {
      const { response } = await plugin.receive(new Request(`https://host.example${path}`, request));
      await plugin.tick();
      return { status: response.status, text: await response.text() };
    },
    run: ([id, input, options]) => plugin.run(id, input, options),
  };
  return async ({ command, argument }) => {
    try {
      return { value: await commands[command](argument) };
    } catch (error) {
      // `name` tells whether it was the plugin's own error, with its words.
      return { error: { name: error.name, message: error.message, ...error.toJSON?.() } };
    }
  };
}
