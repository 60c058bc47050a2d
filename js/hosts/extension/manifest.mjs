/** The manifest for a browser. `hosts`: further hosts that may be called, for tests against the sandbox. */
export function manifest(browser, { version, hosts = [] }) {
  const shared = {
    manifest_version: 3,
    name: '__MSG_name__',
    short_name: '__MSG_shortName__',
    description: '__MSG_description__',
    default_locale: 'en',
    version,
    icons: { 16: 'icons/16.png', 32: 'icons/32.png', 48: 'icons/48.png', 128: 'icons/128.png' },
    action: { default_title: '__MSG_shortName__', default_icon: { 16: 'icons/16.png', 32: 'icons/32.png' } },
    options_ui: { page: 'options.html', open_in_tab: true },
    // The address of a tab is seen only where it is HighLevel's. An agency's own address is asked for when it is entered.
    host_permissions: [
      'https://services.leadconnectorhq.com/*',
      'https://www.digistore24.com/*',
      'https://app.gohighlevel.com/*',
      ...hosts,
    ],
    optional_host_permissions: ['https://*/*', 'http://127.0.0.1/*'],
    content_security_policy: {
      extension_pages:
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; object-src 'none'; connect-src https: http://127.0.0.1:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    },
  };
  if (browser === 'firefox') {
    return {
      ...shared,
      permissions: ['storage', 'alarms'],
      background: { scripts: ['background.js'], type: 'module' },
      sidebar_action: { default_panel: 'panel.html', default_title: '__MSG_shortName__', default_icon: 'icons/32.png' },
      browser_specific_settings: {
        gecko: {
          id: '{5b1c0d5e-7c0b-4f0e-9d5e-3a1f6c2e8d24}',
          strict_min_version: '140.0',
          data_collection_permissions: { required: ['none'] },
        },
      },
    };
  }
  return {
    ...shared,
    permissions: ['storage', 'alarms', 'sidePanel'],
    background: { service_worker: 'background.js', type: 'module' },
    side_panel: { default_path: 'panel.html' },
    minimum_chrome_version: '116',
  };
}
