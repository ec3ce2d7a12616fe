// tests/rpc/kit.mjs: @solana/kit against the server, and a thousand transactions with three subscriptions each.
import {
    address, airdropFactory, appendTransactionMessageInstructions, createSolanaRpc, createSolanaRpcSubscriptions,
    createTransactionMessage, generateKeyPairSigner, getBase64EncodedWireTransaction, getSignatureFromTransaction,
    isSolanaError, lamports, pipe, sendAndConfirmTransactionFactory, setTransactionMessageFeePayerSigner,
    setTransactionMessageLifetimeUsingBlockhash, signTransactionMessageWithSigners,
    SOLANA_ERROR__BLOCK_HEIGHT_EXCEEDED, SOLANA_ERROR__JSON_RPC__SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE,
} from '@solana/kit';
import { getTransferSolInstruction } from '@solana-program/system';
import { getAddMemoInstruction } from '@solana-program/memo';
import WebSocket from 'ws';
import { check, report, serve, until } from './lib.mjs';

const SOL = 1000000000n;
const server = await serve('--profile', 'localnet', '--time-scale', '10');
const rpc = createSolanaRpc(server.http);
const rpcSubscriptions = createSolanaRpcSubscriptions(server.ws.replace(/\d+$/, port => port - 1)); // the HTTP port
const payer = await generateKeyPairSigner();
const sendAndConfirm = sendAndConfirmTransactionFactory({ rpc, rpcSubscriptions });

async function build(...instructions) {
    const { value: latest } = await rpc.getLatestBlockhash({ commitment: 'confirmed' }).send();
    return signTransactionMessageWithSigners(pipe(createTransactionMessage({ version: 0 }),
        message => setTransactionMessageFeePayerSigner(payer, message),
        message => setTransactionMessageLifetimeUsingBlockhash(latest, message),
        message => appendTransactionMessageInstructions(instructions, message)));
}
const transfer = (to, amount) => getTransferSolInstruction({ source: payer, destination: to, amount });

async function airdrop() {
    await airdropFactory({ rpc, rpcSubscriptions })({ commitment: 'confirmed', recipientAddress: payer.address, lamports: lamports(5n * SOL) });
    check((await rpc.getBalance(payer.address).send()).value === 5n * SOL, 'an airdrop arrives');
}

async function confirmed() {
    const to = (await generateKeyPairSigner()).address;
    const transaction = await build(transfer(to, SOL), getAddMemoInstruction({ memo: 'kit' }));
    await sendAndConfirm(transaction, { commitment: 'confirmed' });
    check((await rpc.getBalance(to).send()).value === SOL, 'a transfer is confirmed');
    const found = await rpc.getTransaction(getSignatureFromTransaction(transaction), { commitment: 'confirmed', encoding: 'json', maxSupportedTransactionVersion: 0 }).send();
    check(found.meta.err === null && found.meta.logMessages.some(line => line.includes('"kit"')), 'and found with its logs');
    const info = await rpc.getAccountInfo(to, { encoding: 'base64' }).send();
    check(info.value.lamports === SOL, 'getAccountInfo');
    check(await rpc.getHealth().send() === 'ok', 'getHealth');
    const epoch = await rpc.getEpochInfo().send();
    check(epoch.absoluteSlot >= epoch.blockHeight && epoch.slotsInEpoch === 432000n, 'getEpochInfo');
    check(await rpc.getMinimumBalanceForRentExemption(0n).send() === 890880n, 'rent');
}

async function preflight() {
    const transaction = await build(transfer(address('11111111111111111111111111111112'), 900n * SOL));
    const error = await sendAndConfirm(transaction, { commitment: 'confirmed' }).catch(e => e);
    check(isSolanaError(error, SOLANA_ERROR__JSON_RPC__SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE), `preflight fails: ${error}`);
    check(error.context?.logs?.some(line => /insufficient lamports/.test(line)), 'with logs');
    check(error.cause?.context?.code === 1, `with its cause: ${error.cause}`);
}

async function expiry() {
    await server.admin('drop', { chance: 1, ms: 3600000 });
    const transaction = await build(getAddMemoInstruction({ memo: 'lost' }));
    const began = Date.now();
    const error = await sendAndConfirm(transaction, { commitment: 'confirmed', preflightCommitment: 'confirmed' }).catch(e => e);
    const seconds = (Date.now() - began) / 1000;
    check(isSolanaError(error, SOLANA_ERROR__BLOCK_HEIGHT_EXCEEDED), `a dropped transaction expires: ${error}`);
    check(seconds > 5.5 && seconds < 9, `after 150 blocks of 40 ms: ${seconds}`);
    await server.admin('drop', { chance: 0, ms: 0 });
}

async function subscriptions() {
    const abort = new AbortController();
    const roots = [];
    for await (const root of await rpcSubscriptions.rootNotifications().subscribe({ abortSignal: abort.signal })) {
        roots.push(root);
        if (roots.length === 5) break;
    }
    check(roots.every((one, i) => i === 0 || one > roots[i - 1]), 'roots rise');
    abort.abort();
}

// One socket, three subscriptions a transaction, made before it is sent.
async function order() {
    const count = 1000, names = ['finalized', 'confirmed', 'processed'];
    const socket = new WebSocket(server.ws);
    await new Promise(done => socket.addEventListener('open', done));
    const seen = new Map(), byId = new Map();
    socket.addEventListener('message', ({ data }) => {
        const message = JSON.parse(data);
        if (message.method) {
            const [signature, name] = byId.get(message.params.subscription);
            seen.get(signature).push(name);
        } else byId.set(message.result, message.id.split(' '));
    });
    const began = Date.now();
    const transactions = await Promise.all(Array.from({ length: count }, (_, i) => build(getAddMemoInstruction({ memo: `number ${i}` }))));
    for (const transaction of transactions) {
        const signature = getSignatureFromTransaction(transaction);
        seen.set(signature, []);
        for (const name of names)
            socket.send(JSON.stringify({ jsonrpc: '2.0', id: `${signature} ${name}`, method: 'signatureSubscribe', params: [signature, { commitment: name }] }));
    }
    await until(() => byId.size === count * names.length, 20000);
    check(byId.size === count * names.length, `all subscriptions are there: ${byId.size}`);
    await Promise.all(transactions.map(one => rpc.sendTransaction(getBase64EncodedWireTransaction(one), { encoding: 'base64', preflightCommitment: 'confirmed' }).send()));
    // A reorg in the midst of it: what is lost comes back, and the order still holds.
    await server.admin('reorg', { depth: 1 });
    await until(() => [...seen.values()].every(list => list.length === 3), 20000);
    const wrong = [...seen.values()].filter(list => list.join() !== 'processed,confirmed,finalized');
    check(wrong.length === 0, `processed, confirmed, finalized: ${wrong.length} otherwise, as ${wrong[0]}`);
    socket.close();
    await until(async () => (await server.admin('status')).subscriptions === 0, 2000);
    check((await server.admin('status')).subscriptions === 0, 'none is left of a client that is gone');
    console.log(`# ${count} transactions in ${(Date.now() - began) / 1000} s`);
}

await airdrop();
await confirmed();
await preflight();
await subscriptions();
await order();
await expiry();
check((await server.stop()) === 0, 'the server ends well');
report();
process.exit();
