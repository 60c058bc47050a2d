/** The part of the browsers' extension API that is used here, as developer.chrome.com/docs/extensions/reference has it. */
declare namespace chrome {
  interface Event<Listener> {
    addListener(listener: Listener): void;
  }

  namespace runtime {
    interface Sender {
      id?: string;
      url?: string;
    }
    const onMessage: Event<(message: unknown, sender: Sender, reply: (answer: unknown) => void) => boolean | undefined>;
    const onInstalled: Event<(details: { reason: string }) => void>;
    const onStartup: Event<() => void>;
    const id: string;
    function sendMessage(message: unknown): Promise<unknown>;
    function openOptionsPage(): Promise<void>;
    function getURL(path: string): string;
  }

  namespace storage {
    interface Area {
      get(keys: string | string[] | null): Promise<Record<string, unknown>>;
      set(items: Record<string, unknown>): Promise<void>;
      remove(keys: string | string[]): Promise<void>;
      setAccessLevel?(level: { accessLevel: 'TRUSTED_CONTEXTS' }): Promise<void>;
    }
    const local: Area;
    const session: Area;
    const onChanged: Event<(changes: Record<string, { newValue?: unknown }>, area: string) => void>;
  }

  namespace tabs {
    interface Tab {
      id?: number;
      url?: string;
      active?: boolean;
    }
    function query(what: { active: true; currentWindow: true }): Promise<Tab[]>;
    const onActivated: Event<() => void>;
    const onUpdated: Event<(id: number, change: { url?: string }, tab: Tab) => void>;
  }

  namespace alarms {
    function create(name: string, when: { when: number }): Promise<void>;
    const onAlarm: Event<(alarm: { name: string }) => void>;
  }

  namespace permissions {
    function request(permissions: { origins: string[] }): Promise<boolean>;
  }

  namespace i18n {
    /** Empty where there is no such message. */
    function getMessage(name: string, substitutions?: string[]): string;
  }

  /** Chromium's. */
  const sidePanel: { setPanelBehavior(behavior: { openPanelOnActionClick: boolean }): Promise<void> } | undefined;
  /** Firefox's. */
  const sidebarAction: { open(): Promise<void> } | undefined;
  const action: { onClicked: Event<() => void> };
}
