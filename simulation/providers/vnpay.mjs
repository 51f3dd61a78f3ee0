// VNPAY 2.1.0, signed and verified by npm `vnpay`. Answers to queries and refunds are signed as VNPAY documents it and
// verified by the package before they are sent.
import { createHmac } from 'node:crypto';
import { compact, instant, json } from './wire.mjs';

const QUERY = [
  'vnp_ResponseId', 'vnp_Command', 'vnp_ResponseCode', 'vnp_Message', 'vnp_TmnCode', 'vnp_TxnRef', 'vnp_Amount',
  'vnp_BankCode', 'vnp_PayDate', 'vnp_TransactionNo', 'vnp_TransactionType', 'vnp_TransactionStatus', 'vnp_OrderInfo',
  'vnp_PromotionCode', 'vnp_PromotionAmount',
];
const REFUND = QUERY.slice(0, 13);
const STATUS = { captured: '00', failed: '02', pending: '01' };
const REFUND_STATUS = { refunded: '00', pending: '05', failed: '09' };

export function vnpay(config, books, packages) {
  const { VNPay, buildPaymentUrlSearchParams, calculateSecureHash, ignoreLogger } = packages('vnpay');
  const of = (secret) =>
    new VNPay({
      tmnCode: config.merchant,
      secureSecret: secret,
      vnpayHost: 'https://vnpay.example',
      queryDrAndRefundHost: 'https://vnpay.example',
      hashAlgorithm: 'SHA512',
      enableLog: false,
      loggerFn: ignoreLogger,
    });
  const client = of(config.secret);
  let busy = Promise.resolve();

  // What the package would send for the same values, and whether it accepts the answer.
  function called(call, answer) {
    const turn = busy.then(async () => {
      let sent;
      globalThis.fetch = async (_, options) => {
        sent = JSON.parse(options.body);
        return { ok: true, status: 200, json: async () => answer };
      };
      const result = await call();
      return { sent, verified: result.isVerified };
    });
    busy = turn.catch(() => {});
    return turn;
  }

  const answered = async (names, values, check) => {
    const full = { vnp_ResponseId: books.number(), vnp_TmnCode: config.merchant, ...values };
    const text = names.map((name) => full[name] ?? '').join('|');
    full.vnp_SecureHash = createHmac('sha512', config.secret).update(text).digest('hex');
    // The package divides the amount of a refund by 100 before it verifies it, in the object that it is given.
    const divided = full.vnp_Command === 'refund' && full.vnp_Amount !== undefined;
    const given = divided ? { ...full, vnp_Amount: Number(full.vnp_Amount) * 100 } : { ...full };
    const { verified } = await called(check, given);
    if (!verified) throw new Error('npm vnpay refuses our answer');
    return json(200, full);
  };

  function verified(query) {
    try {
      return client.verifyReturnUrl(query).isVerified;
    } catch {
      return false; // It throws if there is no amount.
    }
  }

  function open(url) {
    const query = Object.fromEntries(url.searchParams);
    const reference = query.vnp_TxnRef;
    const created = instant(query.vnp_CreateDate);
    const expires = query.vnp_ExpireDate === undefined ? undefined : instant(query.vnp_ExpireDate);
    const wrong = [
      [!verified(query), '70: signature'],
      [query.vnp_TmnCode !== config.merchant, '72: merchant'],
      [query.vnp_Version !== '2.1.0' || query.vnp_Command !== 'pay' || query.vnp_CurrCode !== 'VND', '03: form'],
      [!/^[1-9]\d*00$/.test(query.vnp_Amount ?? ''), '03: amount'],
      [!/^[\x20-\x7e]{1,255}$/.test(query.vnp_OrderInfo ?? ''), '03: order info'],
      [!/^[A-Za-z0-9]{1,100}$/.test(reference ?? ''), '03: reference'],
      [!/^https?:\/\//.test(query.vnp_ReturnUrl ?? ''), '03: return address'],
      [created === undefined, '03: time'],
      [expires !== undefined && expires < new Date(), '15: expired'],
    ].find(([is]) => is);
    if (wrong !== undefined) {
      books.refuse('pay', wrong[1]);
      return json(400, { error: wrong[1] });
    }
    const order = { reference, amount: Number(query.vnp_Amount) / 100, return_url: query.vnp_ReturnUrl, date: query.vnp_CreateDate };
    if (books.known(reference) !== undefined && books.order(reference).amount !== order.amount) {
      books.refuse('pay', '01: the reference exists with another amount');
      return json(400, { error: '01' });
    }
    return json(200, books.add(order));
  }

  // The refusal of a query or a refund; undefined if there is none.
  async function refusal(name, body, call, order) {
    const { sent } = await called(() => call(body), {});
    if (sent?.vnp_SecureHash !== body.vnp_SecureHash) return ['97', 'signature'];
    if (body.vnp_TmnCode !== config.merchant) return ['02', 'merchant'];
    if (!/^[A-Za-z0-9_.:-]{1,32}$/.test(body.vnp_RequestId)) return ['03', 'request'];
    if (order === undefined) return ['91', 'no such order'];
    if (order.date !== body.vnp_TransactionDate) return ['91', `${name}: the order has another date`];
    return undefined;
  }

  async function query(body) {
    const order = books.known(body.vnp_TxnRef);
    const check = () => client.queryDr(body);
    const refused = await refusal('query', body, (data) => client.queryDr(data), order);
    const common = { vnp_Command: 'querydr', vnp_TxnRef: body.vnp_TxnRef };
    if (refused !== undefined) {
      // An order that was never opened is unknown; everything else is a defect of the merchant.
      if (refused[0] !== '91' || order !== undefined) books.refuse('query', refused.join(': '));
      return answered(QUERY, { ...common, vnp_ResponseCode: refused[0], vnp_Message: refused[1] }, check);
    }
    // Without a number of a transaction, the newest one of the order: a refund, if there is any.
    const number = body.vnp_TransactionNo;
    const refund = books.newest_refund((one) => (number === undefined ? one.reference === body.vnp_TxnRef : one.refund === number));
    const payment = books.payment(body.vnp_TxnRef, body.vnp_TransactionNo);
    if (refund === undefined && payment === undefined) {
      const open = { vnp_ResponseCode: '00', vnp_Message: 'Chua thanh toan', vnp_TransactionStatus: '01', vnp_TransactionNo: '0' };
      return answered(QUERY, { ...common, ...open, vnp_TransactionType: '01', vnp_Amount: String(order.amount * 100) }, check);
    }
    const money = refund ?? payment;
    const kind = refund === undefined ? '01' : refund.amount === payment?.amount ? '02' : '03';
    return answered(QUERY, {
      ...common,
      vnp_ResponseCode: '00',
      vnp_Message: 'Tim thay giao dich',
      vnp_Amount: String(money.amount * 100),
      vnp_BankCode: 'NCB',
      vnp_PayDate: compact(new Date(refund?.at ?? payment.paid_at)),
      vnp_TransactionNo: refund?.refund ?? payment.transaction,
      vnp_TransactionType: kind,
      vnp_TransactionStatus: refund === undefined ? STATUS[payment.outcome] : REFUND_STATUS[refund.outcome],
      vnp_OrderInfo: 'Le phi',
    }, check);
  }

  async function refund(body) {
    const order = books.known(body.vnp_TxnRef);
    const amount = Number(body.vnp_Amount) / 100;
    const data = { ...body, vnp_Amount: amount };
    const check = () => client.refund(data);
    const common = { vnp_Command: 'refund', vnp_TxnRef: body.vnp_TxnRef, vnp_Amount: body.vnp_Amount };
    const refuse = (code, why) => {
      books.refuse('refund', `${code}: ${why}`);
      return answered(REFUND, { ...common, vnp_ResponseCode: code, vnp_Message: why }, check);
    };
    const refused = await refusal('refund', body, () => client.refund(data), order);
    if (refused !== undefined) return refuse(...refused);
    const known = books.refunded((one) => one.request === body.vnp_RequestId);
    if (known !== undefined) {
      // It was asked for before: nothing goes back twice.
      return answered(REFUND, { ...common, vnp_ResponseCode: '94', vnp_Message: 'Yeu cau da duoc gui truoc do' }, check);
    }
    const payment = books.payment(body.vnp_TxnRef, body.vnp_TransactionNo);
    if (payment?.outcome !== 'captured') return refuse('95', 'the payment has not succeeded');
    if (!Number.isInteger(amount) || amount <= 0 || amount > payment.amount - payment.refunded) return refuse('95', 'the amount');
    if ((body.vnp_TransactionType === '02') !== (amount === payment.amount)) return refuse('03', 'a part is no whole');
    const outcome = config.refunds ?? 'refunded';
    const done = books.refund(payment, { request: body.vnp_RequestId, reference: body.vnp_TxnRef, amount, outcome });
    return answered(REFUND, {
      ...common,
      vnp_ResponseCode: '00',
      vnp_Message: 'Yeu cau thanh cong',
      vnp_BankCode: 'NCB',
      vnp_PayDate: compact(new Date(done.at)),
      vnp_TransactionNo: done.refund,
      vnp_TransactionType: body.vnp_TransactionType,
      vnp_TransactionStatus: REFUND_STATUS[outcome],
      vnp_OrderInfo: body.vnp_OrderInfo,
    }, check);
  }

  // The parameters of a report, as the package signs them.
  function signed(transaction, { wrong_secret, changed_amount } = {}) {
    const { amount, reference, outcome } = transaction;
    const params = buildPaymentUrlSearchParams({
      vnp_Amount: String((changed_amount ?? amount) * 100),
      vnp_BankCode: 'NCB',
      vnp_BankTranNo: `VNP${transaction.transaction}`,
      vnp_CardType: 'ATM',
      vnp_OrderInfo: 'Lệ phí hồ sơ',
      vnp_PayDate: compact(new Date(transaction.paid_at)),
      vnp_ResponseCode: outcome === 'captured' ? '00' : '24',
      vnp_TmnCode: config.merchant,
      vnp_TransactionNo: transaction.transaction,
      vnp_TransactionStatus: STATUS[outcome],
      vnp_TxnRef: reference,
    });
    const secureSecret = wrong_secret ? 'somebody-else' : config.secret;
    const hash = calculateSecureHash({ secureSecret, data: params.toString(), hashAlgorithm: 'SHA512', bufferEncode: 'utf-8' });
    params.append('vnp_SecureHash', hash);
    return params.toString();
  }

  return {
    route(method, url, text) {
      if (method === 'GET' && url.pathname === '/paymentv2/vpcpay.html') return { name: 'pay', handle: async () => open(url) };
      if (method !== 'POST' || url.pathname !== '/merchant_webapi/api/transaction') return undefined;
      const body = JSON.parse(text);
      if (body.vnp_Command === 'querydr') return { name: 'query', handle: () => query(body) };
      return body.vnp_Command === 'refund' ? { name: 'refund', handle: () => refund(body) } : undefined;
    },
    refund_id: (text) => JSON.parse(text).vnp_RequestId,
    report: (transaction, options) => ({ method: 'GET', url: `${config.notify}?${signed(transaction, options)}` }),
    // VNPAY repeats a report until it is answered by 00 or 02 (IPN URL, "RspCode").
    acknowledged: ({ status, body }) => status === 200 && ['00', '02'].includes(JSON.parse(body).RspCode),
    returned(transaction) {
      const { return_url } = books.order(transaction.reference);
      return `${return_url}${return_url.includes('?') ? '&' : '?'}${signed(transaction)}`;
    },
  };
}
