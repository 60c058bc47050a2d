// Messages that others have signed or recorded, and Python's standard library as a second opinion on hashes and hours.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createPlugin, memoryStore } from '../../pkg/dist/src/index.js';
import { form, passphrase } from './support.mjs';

// Recorded messages are kept outside of the checkout: they are not ours to publish.
const folder = process.env.FIXTURES_DIR ?? fileURLToPath(new URL('../../../shared/fixtures/ipn', import.meta.url));
const noFixtures = !existsSync(folder) && 'the folder of recorded messages is absent (FIXTURES_DIR names it)';
const noPython =
  python('import zoneinfo; zoneinfo.ZoneInfo("Europe/Berlin")') === undefined &&
  'python3 with zoneinfo and its time zones is absent';

const fixture = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const encoded = (params) => new URLSearchParams(params).toString();

const open = [];
after(() => Promise.all(open.map((plugin) => plugin.close())));

/** A plugin that only receives; `post` hands it a form. */
async function receiver(ipnPassphrase) {
  const lines = [];
  const plugin = await createPlugin({
    highlevel: { auth: { kind: 'host' }, locationId: 'somewhere' },
    digistore24: { ipnPassphrase },
    store: memoryStore(),
    log: (line) => lines.push(line),
  });
  open.push(plugin);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const post = async (body) => {
    const { response, ...rest } = await plugin.receive({ method: 'POST', url: 'http://localhost/ipn', headers, body });
    return { status: response.status, text: await response.text(), ...rest };
  };
  return { lines, post };
}

function assertAccepted({ status, text, error }) {
  assert.deepEqual([status, text], [200, 'OK'], error?.message);
}

function assertRefused({ status, text, events, error }) {
  assert.deepEqual([status, events, error?.code], [403, [], 'signature_invalid']);
  assert.doesNotMatch(text, /OK/);
}

describe('signatures that others have made', { skip: noFixtures }, () => {
  test('the official vectors', async (t) => {
    const { passphrase, vectors } = fixture('official-ipn-vectors.appkit.json');
    assert.ok(vectors.length > 0);
    for (const { name, params, expected } of vectors) {
      await t.test(name, async () => {
        const { post } = await receiver(passphrase);
        const message = (sha_sign) => encoded({ ...params, sha_sign });
        assertRefused(await post(message(flipped(expected))));
        assertAccepted(await post(message(expected)));
      });
    }
  });

  test('the computed vectors', async (t) => {
    const { vectors } = fixture('signature-vectors.computed.json');
    assert.ok(vectors.some(({ valid }) => valid) && vectors.some(({ valid }) => !valid));
    for (const { name, passphrase, body, valid } of vectors) {
      await t.test(name, async () => {
        const { post } = await receiver(passphrase);
        (valid ? assertAccepted : assertRefused)(await post(body));
      });
    }
  });
});

describe('recorded messages', { skip: noFixtures }, () => {
  test('a connection without a passphrase: refused, and the operator learns why', async () => {
    const { params } = fixture('ipn-captured-2019-unsigned-sentinel.anonymised.json');
    const { lines, post } = await receiver(passphrase);
    assertRefused(await post(encoded(params)));
    const [line] = lines.filter(({ level }) => level === 'error');
    assert.match(line.fields.problem, /IPN connection .*has no passphrase/);
    assert.doesNotMatch(JSON.stringify(lines), new RegExp(params.email));
  });

  test('an order in US dollars: refused unsigned, read when signed', async () => {
    const { params } = fixture('ipn-captured-2022-usd.anonymised.json');
    const { post } = await receiver(passphrase);
    const unsigned = await post(encoded(params));
    assertRefused(unsigned);
    assert.match(unsigned.error.message, /no signature/);

    const received = await post(form(params));
    assertAccepted(received);
    const [event] = received.events;
    assert.deepEqual([received.outcome, event.event, event.test], ['queued', 'payment', true]);
    assert.deepEqual([event.order.id, event.order.baseId, event.order.upsellNo], ['BBBB2222', 'BBBB2222', 0]);
    assert.deepEqual(event.money, { gross: 127, net: 127, vat: 0, earnings: 115.97, currency: 'USD' });
    assert.deepEqual([event.amount, event.currency, event.orderId], [127, 'USD', 'BBBB2222']);
    assert.deepEqual(event.triggers, ['digistore24.onPayment', 'bridge.newSale']);
    const whole = new Set(Object.keys(event));
    const { output } = open[0].catalog.list({ id: 'digistore24.onPayment' })[0];
    assert.deepEqual(new Set(Object.keys(output.properties)), whole);
    assert.equal(event.occurredAt, '2022-11-16T07:34:59+01:00');
    assert.deepEqual(event.raw, params);
  });
});

describe('every message of the folder', { skip: noFixtures }, () => {
  test('gives a plan', async () => {
    const messages = readdirSync(folder).flatMap((name) => {
      const { vectors = [], params, passphrase: _, ...rest } = fixture(name);
      const all = [...vectors.map((vector) => vector.params ?? vector.body), params].filter(Boolean);
      assert.ok(all.length > 0, `${name}: ${Object.keys(rest)}`);
      return all.map((message) => ({ name, message }));
    });
    assert.ok(messages.length > 30, `${messages.length} messages`);
    await receiver(passphrase);
    const plugin = open.at(-1);
    for (const { name, message } of messages) {
      const raw = typeof message === 'string' ? Object.fromEntries(new URLSearchParams(message)) : message;
      const plan = await plugin.sync.plan({ raw });
      // Something is done, or it is said why not.
      assert.ok(plan.steps.length + plan.remarks.length > 0, `${name}: ${JSON.stringify(raw)}`);
    }
  });
});

describe('against Python’s standard library', { skip: noPython }, () => {
  test('30 random messages: accepted, and refused with another character', async () => {
    const messages = python(`
import hashlib, json, random, urllib.parse
dice = random.Random(24)
letters = "abcXYZ019_ +&=%;'\\"<>/äöüßÄé€😀\\n"
text = lambda low, high: "".join(dice.choice(letters) for _ in range(dice.randint(low, high)))

def signature(params, passphrase, uppercase):
    pairs = [(name.upper() if uppercase else name, value) for name, value in params.items() if value != ""]
    pairs.sort(key=lambda pair: pair[0].encode())
    source = "".join(f"{name}={value}{passphrase}" for name, value in pairs)
    return hashlib.sha512(source.encode()).hexdigest().upper()

messages = []
for number in range(30):
    # Names in mixed case, none twice even where case is ignored.
    params = {"order_id": f"ORDER{number}", "Zero": "0", "placeholder_TITLE": text(1, 9), "none": "", "blank": " "}
    for field in range(dice.randint(0, 60)):
        name = dice.choice(["field_", "Field_", "FIELD_", "fIELD", "f"]) + str(field)
        params[name] = text(0, 20)
    items = list(params.items())
    dice.shuffle(items)
    params, passphrase, uppercase = dict(items), text(1, 40), number % 3 == 0
    sign = signature(params, passphrase, uppercase)
    name = dice.choice([name for name, value in params.items() if value])
    at = dice.randrange(len(params[name]))
    other = dice.choice([letter for letter in letters if letter != params[name][at]])
    forged = {**params, name: params[name][:at] + other + params[name][at + 1:]}
    body = lambda params: urllib.parse.urlencode({**params, "sha_sign": sign})
    messages.append({"passphrase": passphrase, "body": body(params), "forged": body(forged)})
print(json.dumps(messages))
`);
    assert.equal(messages.length, 30);
    for (const { passphrase, body, forged } of messages) {
      const { post } = await receiver(passphrase);
      assertRefused(await post(forged));
      assertAccepted(await post(body));
    }
  });

  test('Berlin time: random moments and the hours when the clock is changed', async () => {
    const moments = python(`
import datetime, json, random, zoneinfo
dice, berlin = random.Random(24), zoneinfo.ZoneInfo("Europe/Berlin")
start = datetime.datetime(2012, 1, 1)
walls = [start + datetime.timedelta(seconds=dice.randrange(25 * 365 * 86400)) for _ in range(200)]
for year in range(2024, 2031):
    for month in (3, 10):
        sunday = datetime.datetime(year, month, 31)
        sunday -= datetime.timedelta(days=(sunday.weekday() + 1) % 7)
        # Each quarter of an hour from midnight to four, and the second before it.
        for quarter in range(17):
            for second in (-1, 0):
                walls.append(sunday + datetime.timedelta(minutes=15 * quarter, seconds=second))
moments = [wall.replace(tzinfo=berlin, fold=0) for wall in walls]
print(json.dumps([[f"{m:%Y-%m-%d}", f"{m:%H:%M:%S}", m.isoformat()] for m in moments]))
`);
    assert.equal(moments.length, 200 + 7 * 2 * 34);
    const { post } = await receiver(passphrase);
    for (const [index, [transaction_date, transaction_time, expected]] of moments.entries()) {
      const id = String(index);
      const message = { event: 'on_payment', order_id: 'A', transaction_id: id, transaction_date, transaction_time };
      const received = await post(form(message));
      assertAccepted(received);
      assert.equal(received.events[0].occurredAt, expected);
    }
  });
});

/** What a script prints as JSON, or undefined where it can't run. */
function python(script) {
  const { status, stdout } = spawnSync('python3', ['-c', script], { encoding: 'utf8' });
  return status === 0 ? JSON.parse(stdout || 'null') : undefined;
}

/** Another digit in the middle. */
function flipped(signature) {
  const at = signature.length / 2;
  return signature.slice(0, at) + (signature[at] === 'A' ? 'B' : 'A') + signature.slice(at + 1);
}
