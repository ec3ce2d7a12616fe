// tests/rpc/hostile.mjs: what clients should not send, what operators break, and what neither may cost.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { check, report, serve, serveWith, sleep, until } from './lib.mjs';

const server = await serve('--profile', 'localnet', '--time-scale', '10');
const { port } = new URL(server.http);
const rss = (pid = server.pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
// Processor time that a process has used, in ms.
const busy = pid => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((sum, ticks) => sum + 10 * Number(ticks), 0);

// Sends bytes, gives back what comes within `ms` and whether the server closed.
function raw(bytes, ms = 300, to = port) {
    return new Promise(done => {
        const socket = net.connect(to, '127.0.0.1');
        let text = '';
        const end = closed => { socket.destroy(); done({ text, closed }); };
        const timer = setTimeout(() => end(false), ms);
        socket.on('data', data => { text += data.toString('latin1'); });
        socket.on('error', () => {});
        socket.on('close', () => { clearTimeout(timer); end(true); });
        socket.write(bytes);
    });
}
const post = body => fetch(server.http, { method: 'POST', body });
const code = async body => (await (await post(body)).json()).error?.code;
const request = (method, ...params) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });

async function json() {
    const cases = [
        ['{', -32700], ['', -32700], ['[1,2', -32700], ['{"jsonrpc":"2.0","id":1,"id":2,"method":"getSlot"}', -32700],
        ['['.repeat(3000) + ']'.repeat(3000), -32700], ['{"a":"\\u0000"}', -32700], ['{"id":1e999}', -32700],
        ['[]', -32600], ['{}', -32600], ['{"jsonrpc":"1.0","id":1,"method":"getSlot"}', -32600],
        ['{"jsonrpc":"2.0","id":1,"method":5}', -32600], ['{"jsonrpc":"2.0","id":{},"method":"getSlot"}', -32600],
        [request('noSuchMethod'), -32601], [request('slotSubscribe'), -32601],
        ['{"jsonrpc":"2.0","id":1,"method":"getSlot","params":{"a":1}}', -32602], [request('getSlot', 5), -32602],
        [request('getSlot', {}, {}), -32602], [request('getBalance'), -32602], [request('getBalance', null), -32602],
        [request('getBalance', 'short'), -32602], [request('getSlot', { commitment: 'hopeful' }), -32602],
        [request('getSlot', { commitment: 7 }), -32602], [request('getSlot', { minContextSlot: 1e9 }), -32016],
        [request('getSignatureStatuses', [1]), -32602], [request('getSignatureStatuses', Array(257).fill('1')), -32602],
        [request('sendTransaction', 'AAAA', { encoding: 'base64' }), -32602],
        [request('sendTransaction', '!!!!', { encoding: 'base64' }), -32602],
        [request('sendTransaction', 'A'.repeat(1648), { encoding: 'base64' }), -32602],
        [request('sendTransaction', '1', { encoding: 'base7' }), -32602],
        [request('getTransaction', '1'.repeat(64), { commitment: 'processed' }), -32602],
        [request('getBlockTime', 1e12), -32004], [request('requestAirdrop', '1'.repeat(32), 0), -32602],
        [request('getMinimumBalanceForRentExemption', -1), -32602],
        [request('getBlock', 1e12), -32004], [request('getBlock', 1, { commitment: 'processed' }), -32602],
        [request('getBlock', 1, { transactionDetails: 'some' }), -32602], [request('getBlock', 1, 7), -32602],
        [request('getBlocks', 1, 'x'), -32602], [request('getBlocks', 0, 1e9), -32602],
        [request('getBlocksWithLimit', 1, 1e6), -32602], [request('getSignaturesForAddress', '1'.repeat(32), { limit: 0 }), -32602],
        [request('getSignaturesForAddress', '1'.repeat(32), { before: '1'.repeat(64) }), -32020],
        [request('getRecentPrioritizationFees', Array(129).fill('1'.repeat(32))), -32602],
        [request('getRecentPrioritizationFees', [5]), -32602], [request('logsSubscribe', 'all'), -32601],
    ];
    for (const [body, want] of cases) {
        const got = await code(body);
        check(got === want, `${body.slice(0, 80)} is ${want}: ${got}`);
    }
    const behind = await (await post(request('getSlot', { minContextSlot: 1e9 }))).json();
    check(Number.isInteger(behind.error.data.contextSlot), '-32016 has the slot');
    check(await (await post('{"jsonrpc":"2.0","method":"getSlot"}')).text() === '', 'a notification is not answered');
    const ids = await (await post('[{"jsonrpc":"2.0","id":"7","method":"getSlot"},{"jsonrpc":"2.0","id":7,"method":"getSlot"},{"jsonrpc":"2.0","id":7.5,"method":"getSlot"},{"jsonrpc":"2.0","id":null,"method":"getSlot"},{"jsonrpc":"2.0","method":"ping"}]')).json();
    check(JSON.stringify(ids.map(one => one.id)) === '["7",7,7.5,null]', `ids keep their types: ${JSON.stringify(ids)}`);
}

async function http() {
    const head = (length, more = '') => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n${more}\r\n`;
    const expect = async (bytes, status, what) => {
        const { text, closed } = await raw(bytes);
        check(text.startsWith(`HTTP/1.1 ${status} `) && closed, `${what}: ${text.slice(0, 40)} ${closed}`);
    };
    await expect(head(60000), 413, 'a body of 60 kB');
    await expect(head('99999999999999999999999'), 413, 'a length beyond numbers');
    await expect(head('-5'), 400, 'a negative length');
    await expect(head(5, 'Transfer-Encoding: chunked\r\n'), 411, 'chunks');
    await expect(`GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(5000)}`, 431, 'a head of 30 kB');
    await expect('nonsense\r\n\r\n', 400, 'no HTTP');
    await expect('GET / HTTP/1.1\r\nno colon\r\n\r\n', 400, 'a header without colon');
    const get = await fetch(server.http);
    check(get.status === 405, 'GET is not for requests');
    check(await until(async () => await (await fetch(`${server.http}/health`)).text() === 'ok', 3000), '/health');
    const body = request('getSlot');
    const two = await raw(head(body.length).repeat(1) + body + head(body.length) + body);
    check(two.text.split('HTTP/1.1 200').length === 3, 'two requests at once have two answers');
}

const HELLO = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const frame = (first, payload, mask = 0x80, length = payload.length) =>
    Buffer.concat([Buffer.from([first, mask | length]), Buffer.from(mask ? [0, 0, 0, 0] : []), Buffer.from(payload)]);

async function frames() {
    const expect = async (bytes, close, what) => {
        const { text, closed } = await raw(Buffer.concat([Buffer.from(HELLO), bytes]));
        const got = text.slice(text.indexOf('\r\n\r\n') + 4);
        check(got.charCodeAt(0) === 0x88 && got.charCodeAt(2) * 256 + got.charCodeAt(3) === close && closed, `${what}: ${Buffer.from(got, 'latin1').toString('hex')} ${closed}`);
    };
    const hello = await raw(HELLO);
    check(hello.text.includes('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='), 'the handshake of RFC 6455');
    await expect(frame(0x81, 'x', 0), 1002, 'a frame without mask');
    await expect(frame(0xc1, 'x'), 1002, 'a reserved bit');
    await expect(frame(0x83, 'x'), 1002, 'an opcode of nothing');
    await expect(frame(0x09, 'x'), 1002, 'a ping in pieces');
    await expect(frame(0x80, 'x'), 1002, 'a continuation of nothing');
    await expect(frame(0x82, 'x'), 1003, 'bytes');
    await expect(Buffer.from([0x81, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]), 1009, 'a frame of 9 exabytes');
    await expect(Buffer.concat([Buffer.from([0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0])]), 1009, 'a frame of 64 kB');
    await expect(frame(0x88, ''), 1000, 'goodbye');
    const ask = request('getHealth');
    const split = await raw(Buffer.concat([Buffer.from(HELLO), frame(0x01, ask.slice(0, 9)), frame(0x89, 'ping'), frame(0x80, ask.slice(9))]));
    check(split.text.includes('\x8a\x04ping') && split.text.includes('"result":"ok"'), 'a message in pieces, with a ping between');
    const silent = await raw(Buffer.concat([Buffer.from(HELLO), frame(0x81, '{"jsonrpc":"2.0","method":"ping"}')]));
    check(silent.text.endsWith('\r\n\r\n') && !silent.closed, 'the ping of clients has no answer');
    const over = await raw(Buffer.concat([Buffer.from(HELLO), frame(0x81, request('signatureUnsubscribe', 99))]), 300, Number(port) + 1);
    check(over.text.includes('-32602'), 'an unknown subscription is -32602');
    const bare = await raw(Buffer.concat([Buffer.from(HELLO), frame(0x81, '{"jsonrpc":"2.0","id":1,"method":"logsSubscribe"}')]), 200);
    check(bare.text.includes('-32602'), 'logs of nothing said: -32602');
    for (const filter of ['some', {}, { mentions: [] }, { mentions: ['x'] }, { mentions: [1] }, 7]) {
        const { text } = await raw(Buffer.concat([Buffer.from(HELLO), frame(0x81, request('logsSubscribe', filter))]), 200);
        check(text.includes('-32602'), `logs of ${JSON.stringify(filter)}: ${text.slice(-100)}`);
    }
}

async function flood() {
    const before = rss();
    const junk = Buffer.alloc(40000, 'x');
    for (let round = 0; round < 20; round++)
        await Promise.all(Array.from({ length: 50 }, (_, i) => i % 2 ? raw(Buffer.concat([Buffer.from(HELLO), frame(0x81, '{'), Buffer.from([0x01, 0xfe, 0x80, 0, 0, 0, 0, 0]), junk]), 30) : raw(`POST / HTTP/1.1\r\nContent-Length: 45000\r\n\r\n${junk}`, 30)));
    for (let round = 0; round < 40; round++)
        await Promise.all(Array.from({ length: 50 }, (_, i) => post(request(i % 2 ? 'getSlotLeaders' : 'x'.repeat(9000), 1, 5000)).then(answer => answer.text())));
    const greedy = `[${Array(500).fill(request('getSlotLeaders', 1, 5000)).join()}]`;
    const answers = await (await post(greedy)).json();
    check(answers.length === 500 && answers[499].error.code === -32603 && answers[0].result.length === 5000, 'a batch whose answer is 100 MB is cut');
    const grown = rss() - before;
    check(grown < 20000, `memory after 3000 bad requests: ${grown} kB more`);
    check((await server.call('getHealth')).result === 'ok', 'the server goes on');
}

// Connections that say nothing; gives back those that the server has not closed.
async function crowd(count, to) {
    const sockets = Array.from({ length: count }, () => net.connect(to, '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => {}).once('close', () => { socket.isOver = true; });
    await until(() => sockets.every(socket => socket.isOver || !socket.connecting), 5000);
    await sleep(300);
    return sockets.filter(socket => !socket.isOver);
}
const leave = sockets => Promise.all(sockets.map(socket => new Promise(done => socket.once('close', done).destroy())));

async function crowds() {
    const before = rss();
    const many = await crowd(4500, port);
    check(many.length <= 4096 && many.length > 4000, `4096 clients at most: ${many.length}`);
    await leave(many);
    check(await until(async () => (await server.call('getHealth').catch(() => ({}))).result === 'ok', 3000), 'and others when they are gone');
    check((await server.admin('status')).refused >= 400, 'who is sent away is counted');
    check(rss() - before < 20000, `memory after 4500 clients: ${rss() - before} kB more`);
    const poor = await serveWith('ulimit -n 100; exec "$@"', '--profile', 'localnet');
    const stayed = await crowd(300, new URL(poor.http).port);
    check(stayed.length < 100, `as many clients as there are descriptors: ${stayed.length}`);
    const from = busy(poor.pid);
    await sleep(1000);
    check(busy(poor.pid) - from < 300, `the rest does not keep it busy: ${busy(poor.pid) - from} ms a second`);
    await leave(stayed);
    check(await until(async () => (await poor.call('getHealth').catch(() => ({}))).result === 'ok', 3000), 'and it goes on');
    await poor.stop();
}

function websocket() {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(HELLO);
    return socket;
}

async function subscribers() {
    const before = rss();
    const greedy = websocket();
    let heard = '';
    greedy.on('data', data => { heard = (heard + data.toString('latin1')).slice(-300); });
    const ask = frame(0x81, request('accountSubscribe', '1'.repeat(32)));
    for (let i = 0; i < 34; i++) {
        greedy.write(Buffer.concat(Array(1000).fill(ask)));
        await sleep(20);
    }
    check(await until(() => heard.includes('subscription limit'), 10000), `subscriptions are limited: ${heard}`);
    greedy.destroy();
    const slow = websocket();
    slow.pause(); // asks for much and reads nothing
    slow.write(Buffer.concat(Array(500).fill(frame(0x81, '{"jsonrpc":"2.0","id":1,"method":"slotsUpdatesSubscribe"}'))));
    const count = async () => (await server.admin('status')).subscriptions;
    check(await until(async () => await count() > 0, 5000), 'a client subscribes to much');
    check(await until(async () => await count() === 0, 30000), 'who does not read is cut off');
    check(rss() - before < 30000, `memory after subscribers: ${rss() - before} kB more`);
    slow.destroy();
}

async function faults() {
    await server.admin('errors', { code: -32005, count: 2 });
    check((await server.call('getSlot')).error.code === -32005, 'an injected error of JSON-RPC');
    await server.call('getSlot');
    await server.admin('errors', { code: 503, count: 1 });
    check((await post(request('getSlot'))).status === 503, 'an injected status of HTTP');
    check((await server.call('getSlot')).result > 0, 'and then none');
    check('error' in await server.admin('errors', { code: 7, count: 1 }), 'a code that is none is refused');
    check('error' in await server.admin('reorg', { depth: -1 }), 'a depth below 0 is refused');
    const slot = async () => (await server.call('getSlot', { commitment: 'processed' })).result;
    await server.admin('halt', { ms: 1000 });
    const at = await slot();
    await sleep(500);
    check(await slot() === at, 'a halted chain stands');
    check(await until(async () => await slot() > at, 3000), 'and goes on');
    await server.admin('lag', { slots: 200 });
    check(await until(async () => (await server.call('getHealth')).error?.code === -32005, 12000), 'a node that lags 200 slots is behind');
    const health = await server.call('getHealth');
    check(health.error.data.numSlotsBehind > 128, `by so many: ${JSON.stringify(health.error)}`);
    await server.admin('lag', { slots: 0 });
    check(await until(async () => (await server.call('getHealth')).result === 'ok', 3000), 'and catches up');
    const height = async () => (await server.call('getBlockHeight', { commitment: 'processed' })).result;
    await server.admin('skip', { slots: 5 });
    await sleep(600);
    check(await slot() - await height() >= 5, 'skipped slots have no height');
    const odd = await server.call('getBlockTime', 1e6);
    check(odd.error.code === -32004, 'a slot to come is not available');
    check(await server.stop() === 0, 'the server ends well');
}

async function starting() {
    const slow = await serve('--profile', 'localnet', '--time-scale', '0.001');
    const { error } = await slow.call('getHealth');
    check(error?.code === -32005 && error.message === 'Node is unhealthy' && error.data.numSlotsBehind === null, `a node that has just begun does not know: ${JSON.stringify(error)}`);
    check(await (await fetch(`${slow.http}/health`)).text() === 'unknown', '/health says so too');
    await slow.stop();
    check(await until(async () => (await server.call('getHealth')).result === 'ok', 3000), 'and then it is healthy');
}

// Hours of chain time under a client that listens and asks: after the rings are full, nothing grows.
async function hours() {
    const fast = await serve('--profile', 'mainnet', '--time-scale', '1000');
    const { port: at } = new URL(fast.http);
    const listener = net.connect(at, '127.0.0.1');
    let heard = 0;
    listener.on('data', data => { heard += data.length; });
    listener.write(HELLO);
    for (const method of ['slotSubscribe', 'rootSubscribe']) listener.write(frame(0x81, request(method)));
    const height = async () => (await fast.call('getBlockHeight', { commitment: 'processed' })).result;
    await until(async () => await height() > 10000, 20000); // more than banks are kept
    const from = { rss: rss(fast.pid), height: await height(), heard };
    for (const end = Date.now() + 8000; Date.now() < end; await sleep(5))
        await Promise.all([fast.call('getLatestBlockhash'), fast.call('getRecentPrioritizationFees')]);
    const blocks = await height() - from.height;
    check(blocks > 5000 && heard > from.heard, `hours pass: ${blocks} blocks`);
    check(rss(fast.pid) - from.rss < 1000, `memory after ${blocks} blocks: ${rss(fast.pid) - from.rss} kB more`);
    listener.destroy();
    check(await fast.stop() === 0, 'and it ends well');
}

async function ration() {
    const rationed = await serve('--profile', 'localnet', '--rate-limit', '20');
    const answers = await Promise.all(Array.from({ length: 30 }, () => fetch(rationed.http, { method: 'POST', body: request('getSlot') })));
    const refused = answers.filter(answer => answer.status === 429);
    check(refused.length === 10, `20 of 30 pass: ${refused.length}`);
    check(refused.every(answer => Number(answer.headers.get('retry-after')) > 0), '429 says when to come again');
    await rationed.stop();
}

await starting();
await json();
await http();
await frames();
await flood();
await crowds();
await subscribers();
await faults();
await ration();
await hours();
report();
process.exit();
