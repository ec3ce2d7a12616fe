// tests/rpc/web3js.mjs: @solana/web3.js 1.x against the server, as anybody would use it.
import {
    AddressLookupTableAccount, ComputeBudgetProgram, Connection, Keypair, LAMPORTS_PER_SOL, PublicKey, SystemProgram, Transaction,
    TransactionInstruction, TransactionMessage, VersionedTransaction, sendAndConfirmTransaction,
} from '@solana/web3.js';
import { check, fails, report, serve, sleep, until } from './lib.mjs';

const MEMO = new PublicKey('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr');
const server = await serve('--profile', 'localnet', '--time-scale', '10');
const connection = new Connection(server.http, 'confirmed'); // its WebSocket is on the next port
const payer = Keypair.generate();
const memo = (text, ...signers) =>
    new TransactionInstruction({ programId: MEMO, data: Buffer.from(text), keys: signers.map(pubkey => ({ pubkey, isSigner: true, isWritable: false })) });
const transfer = (to, lamports) => SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: to, lamports });

async function airdrop() {
    const signature = await connection.requestAirdrop(payer.publicKey, 5 * LAMPORTS_PER_SOL);
    const latest = await connection.getLatestBlockhash();
    const result = await connection.confirmTransaction({ signature, ...latest }, 'confirmed');
    check(result.value.err === null, 'an airdrop is confirmed');
    check((await connection.getBalance(payer.publicKey)) === 5 * LAMPORTS_PER_SOL, 'an airdrop arrives');
    check((await connection.getAccountInfo(payer.publicKey)).owner.equals(SystemProgram.programId), 'the account is of the system');
}

async function sendAndConfirm() {
    const to = Keypair.generate().publicKey;
    const before = await connection.getBalance(payer.publicKey);
    const signature = await sendAndConfirmTransaction(connection,
        new Transaction().add(ComputeBudgetProgram.setComputeUnitLimit({ units: 10000 }),
            ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 1000000 }), transfer(to, LAMPORTS_PER_SOL), memo('héllo')), [payer]);
    check((await connection.getBalance(to)) === LAMPORTS_PER_SOL, 'a transfer arrives');
    const after = await connection.getBalance(payer.publicKey);
    check(before - after === LAMPORTS_PER_SOL + 5000 + 10000, `fee is 5000 a signature and the price of the units: ${before - after}`);
    const found = await connection.getTransaction(signature, { commitment: 'confirmed', maxSupportedTransactionVersion: 0 });
    check(found.meta.fee === 15000 && found.meta.err === null, 'getTransaction has the fee');
    check(found.meta.postBalances[0] === after, 'getTransaction has the balances');
    check(found.meta.logMessages.some(line => line.includes('Memo (len 6): "héllo"')), 'the memo is in the logs');
    check(found.version === 'legacy', 'a legacy transaction says so');
    const parsed = await connection.getParsedTransaction(signature, { commitment: 'confirmed', maxSupportedTransactionVersion: 0 });
    check(parsed.transaction.message.accountKeys[0].pubkey.equals(payer.publicKey), 'getParsedTransaction reads');
    await until(async () => (await connection.getSignatureStatus(lastSignature)).value?.confirmationStatus === 'finalized', 5000);
    await fails(connection.sendRawTransaction(last), /already been processed/, 'the same once more');
}

let last, lastSignature;
async function versioned() {
    const latest = await connection.getLatestBlockhash();
    const message = new TransactionMessage({ payerKey: payer.publicKey, recentBlockhash: latest.blockhash,
        instructions: [memo('v0', payer.publicKey)] }).compileToV0Message();
    const fee = await connection.getFeeForMessage(message, 'confirmed');
    check(fee.value === 5000, `getFeeForMessage: ${fee.value}`);
    const transaction = new VersionedTransaction(message);
    transaction.sign([payer]);
    const simulated = await connection.simulateTransaction(transaction, { sigVerify: true });
    check(simulated.value.err === null && simulated.value.unitsConsumed > 0, 'a v0 transaction is simulated');
    last = transaction.serialize();
    const signature = lastSignature = await connection.sendRawTransaction(last);
    await connection.confirmTransaction({ signature, ...latest }, 'confirmed');
    const found = await connection.getTransaction(signature, { commitment: 'confirmed', maxSupportedTransactionVersion: 0 });
    check(found.version === 0, 'a v0 transaction lands');
    await fails(connection.getTransaction(signature, { commitment: 'confirmed' }), /version/, 'who cannot read v0 is told');
}

async function preflight() {
    const poor = Keypair.generate();
    const far = new Transaction().add(transfer(poor.publicKey, 1000 * LAMPORTS_PER_SOL));
    const error = await fails(sendAndConfirmTransaction(connection, far, [payer]), /custom program error: 0x1/, 'preflight refuses');
    check(error.logs?.some(line => /Transfer: insufficient lamports/.test(line)), `preflight has logs: ${error.logs}`);
    const broke = new Transaction().add(memo('x'));
    broke.feePayer = poor.publicKey;
    await fails(connection.sendTransaction(broke, [poor]), /no record of a prior credit/, 'a payer without account');
    const unknown = new Transaction().add(new TransactionInstruction({ programId: Keypair.generate().publicKey, keys: [] }));
    await fails(connection.sendTransaction(unknown, [payer]), /program that does not exist/, 'an unknown program');
    const bad = new Transaction({ feePayer: payer.publicKey, ...(await connection.getLatestBlockhash()) }).add(memo('bad'));
    bad.sign(payer);
    const raw = bad.serialize();
    raw[10] ^= 1;
    await fails(connection.sendRawTransaction(raw), /signature verification failure/, 'a wrong signature');
    const dust = new Transaction().add(transfer(Keypair.generate().publicKey, 1));
    await fails(connection.sendTransaction(dust, [payer]), /insufficient funds for rent/, 'an account below rent');
    const stray = new Transaction().add(memo('x'));
    stray.recentBlockhash = Keypair.generate().publicKey.toBase58();
    stray.feePayer = payer.publicKey;
    stray.sign(payer);
    await fails(connection.sendRawTransaction(stray.serialize()), /Blockhash not found/, 'a blockhash of nowhere');
    const signature = await connection.sendTransaction(far, [payer], { skipPreflight: true });
    const result = await connection.confirmTransaction(signature, 'confirmed').catch(e => e);
    check(JSON.stringify(result.value?.err) === '{"InstructionError":[0,{"Custom":1}]}', `without preflight it lands and fails: ${JSON.stringify(result)}`);
}

async function expiry() {
    await server.admin('drop', { chance: 1, ms: 3600000 });
    const latest = await connection.getLatestBlockhash();
    const began = Date.now();
    const transaction = new Transaction({ feePayer: payer.publicKey, ...latest }).add(memo('lost'));
    transaction.sign(payer);
    const signature = await connection.sendRawTransaction(transaction.serialize());
    await fails(connection.confirmTransaction({ signature, ...latest }, 'confirmed'), /TransactionExpiredBlockheightExceeded/, 'a dropped transaction expires');
    const seconds = (Date.now() - began) / 1000;
    check(seconds > 5.5 && seconds < 9, `after 150 blocks of 40 ms, looked at once a second: ${seconds}`);
    check((await connection.getSignatureStatus(signature)).value === null, 'it has no status');
    await server.admin('drop', { chance: 0, ms: 0 });
}

async function thousand() {
    const count = 1000;
    const began = Date.now();
    const sent = [];
    let latest;
    for (let i = 0; i < count; i++) {
        if (i % 100 === 0) latest = await connection.getLatestBlockhash(); // signing them all may take a blockhash's life
        const transaction = new Transaction({ feePayer: payer.publicKey, ...latest }).add(memo(`number ${i}`));
        transaction.sign(payer);
        sent.push(connection.sendRawTransaction(transaction.serialize(), { preflightCommitment: 'confirmed' }));
    }
    const signatures = await Promise.all(sent);
    const isFinal = async part => (await connection.getSignatureStatuses(part)).value
        .every(one => one?.confirmationStatus === 'finalized' && one.confirmations === null && one.err === null);
    for (let at = 0; at < count; at += 250)
        check(await until(() => isFinal(signatures.slice(at, at + 250)), 10000), `all from ${at} on are final`);
    await fails(connection.getSignatureStatuses(signatures.slice(0, 257)), /max 256/, 'more than 256 statuses');
    console.log(`# ${count} transactions in ${(Date.now() - began) / 1000} s`);
}

async function blocks() {
    const told = [];
    const all = connection.onLogs('all', logs => told.push(logs), 'confirmed');
    const mine = [];
    const named = connection.onLogs(payer.publicKey, logs => mine.push(logs), 'confirmed');
    const never = [];
    const nobody = connection.onLogs(Keypair.generate().publicKey, logs => never.push(logs), 'processed');
    await sleep(300);
    const signature = await sendAndConfirmTransaction(connection, new Transaction().add(
        ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 7 }), memo('in a block'), memo('twice')), [payer]);
    await until(() => told.length && mine.length, 3000);
    check(told[0]?.signature === signature && told[0].err === null && told[0].logs.some(line => line.includes('"in a block"')), `logs are told: ${JSON.stringify(told)}`);
    check(mine[0]?.signature === signature && never.length === 0, 'to those whose key it names');
    await Promise.all([all, named, nobody].map(one => connection.removeOnLogsListener(one)));
    const { slot } = (await connection.getSignatureStatus(signature)).value;
    const block = await connection.getBlock(slot, { commitment: 'confirmed', maxSupportedTransactionVersion: 0 });
    check(block.transactions.some(one => one.transaction.signatures[0] === signature && one.meta.err === null), 'getBlock has the transaction');
    check(block.parentSlot < slot && block.blockHeight > 0 && block.blockhash !== block.previousBlockhash, 'and its place');
    const parent = await connection.getBlock(block.parentSlot, { commitment: 'confirmed', transactionDetails: 'none', maxSupportedTransactionVersion: 0 });
    check(parent.blockhash === block.previousBlockhash && parent.blockHeight === block.blockHeight - 1, 'its parent is the block before');
    const names = await connection.getBlockSignatures(slot, 'confirmed');
    check(names.signatures.includes(signature), 'getBlock with signatures only');
    const slots = await connection.getBlocks(slot - 20, slot, 'confirmed');
    check(slots.includes(slot) && slots.includes(block.parentSlot) && slots.every((one, i) => i === 0 || one > slots[i - 1]), 'getBlocks');
    const history = await connection.getSignaturesForAddress(payer.publicKey, {}, 'confirmed');
    check(history[0].signature === signature && history[0].memo === '[10] in a block; [5] twice' && history[0].err === null, `getSignaturesForAddress: ${JSON.stringify(history[0])}`);
    check(history.length > 2 && history.every((one, i) => i === 0 || one.slot <= history[i - 1].slot), 'newest first');
    const page = await connection.getSignaturesForAddress(payer.publicKey, { before: history[0].signature, limit: 1 }, 'confirmed');
    check(page.length === 1 && page[0].signature === history[1].signature, 'and page by page');
    const rest = await connection.getSignaturesForAddress(payer.publicKey, { until: history[1].signature }, 'confirmed');
    check(rest.length === 1 && rest[0].signature === signature, 'until one that is known');
    const fees = await connection.getRecentPrioritizationFees({ lockedWritableAccounts: [payer.publicKey] });
    check(fees.length > 10 && fees.find(one => one.slot === slot)?.prioritizationFee === 7, `getRecentPrioritizationFees: ${JSON.stringify(fees.find(one => one.slot === slot))}`);
    await fails(connection.getBlock(slot + 100000, { maxSupportedTransactionVersion: 0 }), /Block not available for slot/, 'a block to come');
}

// A transaction that names a lookup table is read to its end; here there are none.
async function lookups() {
    const latest = await connection.getLatestBlockhash();
    const table = new AddressLookupTableAccount({ key: Keypair.generate().publicKey, state: {
        deactivationSlot: 2n ** 64n - 1n, lastExtendedSlot: 0, lastExtendedSlotStartIndex: 0, addresses: [Keypair.generate().publicKey] } });
    const message = new TransactionMessage({ payerKey: payer.publicKey, recentBlockhash: latest.blockhash,
        instructions: [transfer(table.state.addresses[0], LAMPORTS_PER_SOL)] }).compileToV0Message([table]);
    check(message.addressTableLookups.length === 1, 'the client uses the table');
    const transaction = new VersionedTransaction(message);
    transaction.sign([payer]);
    await fails(connection.sendTransaction(transaction), /address table account that doesn't exist/, 'a table that does not exist');
}

async function subscriptions() {
    const slots = [], roots = [], accounts = [], updates = new Set();
    const to = Keypair.generate().publicKey;
    connection.onSlotChange(slot => slots.push(slot));
    connection.onRootChange(root => roots.push(root));
    connection.onSlotUpdate(update => updates.add(update.type));
    connection.onAccountChange(to, account => accounts.push(account.lamports), { commitment: 'confirmed' });
    await sleep(300);
    await sendAndConfirmTransaction(connection, new Transaction().add(transfer(to, LAMPORTS_PER_SOL)), [payer]);
    await until(() => slots.length > 5 && roots.length > 5 && accounts.length, 8000);
    check(slots.length > 5 && slots.every((one, i) => i === 0 || one.slot > slots[i - 1].slot), 'slots rise');
    check(slots.every(one => one.parent < one.slot && one.root <= one.parent), 'slots have parents and roots');
    check(roots.length > 5 && roots.every((one, i) => i === 0 || one > roots[i - 1]), 'roots rise');
    check(accounts.join() === `${LAMPORTS_PER_SOL}`, `the account is told once: ${accounts}`);
    check(['frozen', 'createdBank', 'optimisticConfirmation', 'root'].every(type => updates.has(type)), `updates: ${[...updates]}`);
}

await airdrop();
await versioned();
await sendAndConfirm();
await preflight();
await blocks();
await lookups();
await subscriptions();
await thousand();
await expiry();
check((await server.stop()) === 0, 'the server ends well');
report();
process.exit();
