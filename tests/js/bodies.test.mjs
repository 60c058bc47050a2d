// Bodies that are not JSON, both ways, against a server that looks at the bytes.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { createPlugin } from '../../pkg/dist/src/index.js';

/** All bytes there are, so that nothing on the way may take them for text. */
const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 256));
let server;
let plugin;
const seen = [];
let answer;

before(async () => {
  server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    seen.push({ url: request.url, headers, body: Buffer.concat(chunks) });
    response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  plugin = await createPlugin({
    highlevel: {
      auth: { kind: 'private-integration', token: 'pit-test' },
      locationId: 'loc1',
      baseUrl: `http://127.0.0.1:${server.address().port}`,
    },
    log: () => {},
  });
});
after(async () => {
  await plugin.close();
  server.close();
});

/** What arrived with the one request of `work`. */
async function arrived(work) {
  seen.length = 0;
  await work();
  assert.equal(seen.length, 1);
  return seen[0];
}
const form = ({ body, headers }) => new Response(body, { headers }).formData();

test('a file arrives byte by byte, with its name and type, beside plain fields', async () => {
  answer = { body: '{"fileId":"f1"}' };
  const file = { name: 'Käse.bin', type: 'application/x-test', base64: bytes.toString('base64') };
  const request = await arrived(() => plugin.ghl.medias.uploadMediaContent({ file, hosted: false, name: 'Käse' }));
  assert.match(request.headers.get('content-type'), /^multipart\/form-data; *boundary=/);
  const parts = await form(request);
  assert.equal(parts.get('hosted'), 'false');
  assert.equal(parts.get('name'), 'Käse');
  assert.equal(parts.get('file').name, 'Käse.bin');
  assert.equal(parts.get('file').type, 'application/x-test');
  assert.ok(bytes.equals(Buffer.from(await parts.get('file').arrayBuffer())));
});

test('files under names of their own, and the rest in the query', async () => {
  answer = { body: '{}' };
  const files = {
    field1_a: { name: 'a.txt', base64: 'YQ==' },
    field1_b: { name: 'b.txt', type: 'text/plain', base64: '' },
  };
  const request = await arrived(() => plugin.ghl.forms.uploadToCustomFields({ contactId: 'c1', files }));
  assert.equal(request.url, '/forms/upload-custom-files?contactId=c1&locationId=loc1');
  const parts = await form(request);
  assert.deepEqual([...parts.keys()], ['field1_a', 'field1_b']);
  assert.equal(await parts.get('field1_a').text(), 'a');
  assert.equal(parts.get('field1_b').size, 0);
});

test('what is no base64 is refused by name, and not repeated', async () => {
  seen.length = 0;
  for (const base64 of ['Anna Beispiel', 'YQ', 'Y===', 'YQ==\n']) {
    const upload = plugin.ghl.medias.uploadMediaContent({ file: { name: 'a', base64 } });
    await assert.rejects(upload, (error) => {
      assert.equal(error.code, 'invalid_input');
      assert.equal(error.fields[0].path, 'file.base64');
      assert.ok(!JSON.stringify(error).includes('Anna'));
      return true;
    });
  }
  assert.equal(seen.length, 0);
});

test('a recording comes as a file', async () => {
  const headers = { 'content-type': 'audio/x-wav', 'content-disposition': 'attachment; filename="audio.wav"' };
  answer = { body: bytes, headers };
  const recording = await plugin.ghl.conversations.getMessageRecording({ messageId: 'm1' });
  assert.equal(recording.name, 'audio.wav');
  assert.equal(recording.type, 'audio/x-wav');
  assert.ok(bytes.equals(Buffer.from(recording.base64, 'base64')));
});

test('an error in place of a recording is read as one', async () => {
  answer = { status: 404, body: '{"statusCode":404,"message":"Message not found"}' };
  const recording = plugin.ghl.conversations.getMessageRecording({ messageId: 'm1' });
  await assert.rejects(recording, (error) => error.code === 'not_found');
});

test('a transcription comes as text, even where it looks like JSON', async () => {
  for (const body of ['Guten Tag, hier ist Käte.\n', '{"a":1}', '']) {
    answer = { body, headers: { 'content-type': 'text/plain' } };
    assert.equal(await plugin.ghl.conversations.downloadMessageTranscription({ messageId: 'm1' }), body);
  }
});
