// tests/rpc/lib.mjs: counts checks, starts the server on free ports, ends what it started.
import { spawn } from 'node:child_process';

let passed = 0;
let failed = 0;

export function check(ok, what) {
    if (ok) passed++;
    else {
        failed++;
        console.log(`FAIL ${what}`);
    }
}

export async function fails(promise, pattern, what) {
    try {
        await promise;
        check(false, `${what}: did not fail`);
    } catch (error) {
        check(pattern.test(`${error.name} ${error.message}`), `${what}: ${error.name} ${error.message}`);
        return error;
    }
}

export function report() {
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed || !passed ? 1 : 0;
}

export const sleep = ms => new Promise(done => setTimeout(done, ms));

// Until it holds, or `ms` are over.
export async function until(condition, ms) {
    const end = Date.now() + ms;
    while (Date.now() < end) {
        const value = await condition();
        if (value) return value;
        await sleep(20);
    }
    return false;
}

export const serve = (...words) => serveWith('exec "$@"', ...words);

// `shell` runs it, as "$@".
export function serveWith(shell, ...words) {
    const child = spawn('sh', ['-c', shell, 'sh', process.env.AGENC, 'chain', 'serve', '--port', '0', ...words]);
    child.stderr.pipe(process.stderr);
    process.once('exit', () => child.kill());
    return new Promise((done, fail) => {
        child.once('exit', code => fail(new Error(`the server ended with ${code}`)));
        child.stdout.once('data', line => {
            const [http, ws] = String(line).split(' ');
            const post = (path, body) => fetch(http + path, { method: 'POST', body: JSON.stringify(body) });
            let id = 0;
            done({
                http,
                ws,
                pid: child.pid,
                admin: async (name, body = {}) => (await post(`/admin/${name}`, body)).json(),
                call: async (method, ...params) =>
                    (await post('/', { jsonrpc: '2.0', id: ++id, method, params })).json(),
                stop: () =>
                    new Promise(over => {
                        child.removeAllListeners('exit');
                        child.once('exit', code => over(code));
                        child.kill('SIGTERM');
                    }),
            });
        });
    });
}
