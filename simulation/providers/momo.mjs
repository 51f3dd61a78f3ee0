// MoMo v2, by node's crypto over the strings of MoMo's documents: names in alphabetical order, values not encoded.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { json } from './wire.mjs';

const CREATE = 'accessKey&amount&extraData&ipnUrl&orderId&orderInfo&partnerCode&redirectUrl&requestId&requestType'.split('&');
const QUERY = 'accessKey&orderId&partnerCode&requestId'.split('&');
const REFUND = 'accessKey&amount&description&orderId&partnerCode&requestId&transId'.split('&');
const REPORT = ('accessKey&amount&extraData&message&orderId&orderInfo&orderType&partnerCode&payType&requestId&responseTime&' +
  'resultCode&transId').split('&');
const RESULT = { captured: 0, failed: 1006, pending: 1000 };
const REFUND_RESULT = { refunded: 0, pending: 7002, failed: 1088 };

export function momo(config, books) {
  const sign = (names, values, secret = config.secret) => {
    const all = { ...values, accessKey: config.access_key };
    const text = names.map((name) => `${name}=${all[name] ?? ''}`).join('&');
    return createHmac('sha256', secret).update(text).digest('hex');
  };
  const isSigned = (names, body) => {
    const [ours, theirs] = [sign(names, body), String(body.signature)].map((text) => Buffer.from(text));
    return ours.length === theirs.length && timingSafeEqual(ours, theirs);
  };
  const answers = new Map();

  const base = (body) => ({
    partnerCode: config.partner_code,
    orderId: body.orderId,
    requestId: body.requestId,
    responseTime: Date.now(),
  });

  // The answer to a request; a repeated request has the first answer, and no second effect.
  function once(name, names, body, effect) {
    const failed = (resultCode, message) => {
      books.refuse(name, `${resultCode}: ${message}`);
      return json(resultCode === 11 ? 403 : 400, { ...base(body), resultCode, message });
    };
    if (body.partnerCode !== config.partner_code) return failed(11, 'partner code');
    if (!isSigned(names, body)) return failed(11, 'signature');
    if (!/^[0-9A-Za-z_.:-]{1,50}$/.test(body.orderId) || !/^[0-9A-Za-z_.:-]{1,50}$/.test(body.requestId)) return failed(20, 'form');
    const key = `${name}:${body.requestId}`;
    const before = answers.get(key);
    if (before !== undefined) return before.orderId === body.orderId ? before.reply : failed(40, 'request is repeated with other content');
    const reply = effect(failed);
    if (name !== 'query') answers.set(key, { orderId: body.orderId, reply });
    return reply;
  }

  function create(body) {
    return once('pay', CREATE, body, (failed) => {
      if (!Number.isInteger(body.amount) || body.amount < 1_000 || body.amount > 50_000_000) return failed(22, 'amount');
      if (books.known(body.orderId) !== undefined) return failed(41, 'order exists');
      books.add({ reference: body.orderId, amount: body.amount, request: body.requestId, return_url: body.redirectUrl, notify: body.ipnUrl, info: body.orderInfo });
      const payUrl = `${config.pay_url ?? 'https://momo.example'}/pay/${body.orderId}`;
      return json(200, { ...base(body), amount: body.amount, resultCode: 0, message: 'Thành công.', payUrl });
    });
  }

  function query(body) {
    return once('query', QUERY, body, () => {
      const payment = books.payment(body.orderId);
      const order = books.known(body.orderId);
      const refund = books.refunded((one) => one.reference === body.orderId);
      if (refund !== undefined) {
        const resultCode = REFUND_RESULT[refund.outcome];
        return json(200, { ...base(body), amount: refund.amount, transId: Number(refund.refund), resultCode, message: '' });
      }
      if (order === undefined) return json(400, { ...base(body), resultCode: 42, message: 'OrderId không tồn tại.' });
      const resultCode = payment === undefined ? 1000 : RESULT[payment.outcome];
      const transId = payment === undefined ? 0 : Number(payment.transaction);
      const refundTrans = [];
      const lastUpdated = Date.parse(payment?.paid_at ?? new Date().toISOString());
      return json(200, { ...base(body), extraData: '', amount: payment?.amount ?? order.amount, transId, payType: 'qr', resultCode, refundTrans, lastUpdated, message: '' });
    });
  }

  // What became of a refund, by the order that was given for it.
  function queryRefund(body) {
    return once('query', QUERY, body, () => {
      const refund = books.refunded((one) => one.reference === body.orderId);
      if (refund === undefined) return json(400, { ...base(body), resultCode: 42, message: 'OrderId không tồn tại.' });
      const row = {
        orderId: refund.reference,
        amount: refund.amount,
        resultCode: REFUND_RESULT[refund.outcome],
        transId: Number(refund.refund),
        createdTime: Date.parse(refund.at),
      };
      return json(200, { ...base(body), amount: refund.amount, resultCode: 0, message: 'Thành công.', refundTrans: [row] });
    });
  }

  function refund(body) {
    return once('refund', REFUND, body, (failed) => {
      let payment;
      try {
        payment = books.transaction(String(body.transId));
      } catch {
        return failed(1080, 'no such payment');
      }
      if (books.refunded((one) => one.reference === body.orderId) !== undefined) return failed(41, 'order exists');
      if (payment.outcome !== 'captured' || !Number.isInteger(body.amount) || body.amount < 1) return failed(1080, 'no money to return');
      if (body.amount > payment.amount - payment.refunded) return failed(1081, 'more than is left');
      const outcome = config.refunds ?? 'refunded';
      const done = books.refund(payment, { request: body.requestId, reference: body.orderId, amount: body.amount, outcome });
      return json(200, { ...base(body), amount: body.amount, transId: Number(done.refund), resultCode: REFUND_RESULT[outcome], message: '' });
    });
  }

  function signed(transaction, { wrong_secret, changed_amount } = {}) {
    const order = books.order(transaction.reference);
    const values = {
      partnerCode: config.partner_code,
      orderId: order.reference,
      requestId: order.request,
      amount: changed_amount ?? transaction.amount,
      orderInfo: order.info,
      orderType: 'momo_wallet',
      transId: Number(transaction.transaction),
      resultCode: RESULT[transaction.outcome],
      message: 'Thành công.',
      payType: 'qr',
      responseTime: Date.parse(transaction.paid_at),
      extraData: '',
    };
    return { ...values, signature: sign(REPORT, values, wrong_secret ? 'somebody-else' : config.secret) };
  }

  const calls = { '/v2/gateway/api/create': ['pay', create], '/v2/gateway/api/query': ['query', query],
    '/v2/gateway/api/refund': ['refund', refund],
    '/v2/gateway/api/refund/query': ['query', queryRefund] };
  return {
    route(method, url, text) {
      const [name, handle] = calls[url.pathname] ?? [];
      return method === 'POST' && name !== undefined ? { name, handle: async () => handle(JSON.parse(text)) } : undefined;
    },
    refund_id: (text) => JSON.parse(text).requestId,
    report: (transaction, options) => ({
      method: 'POST',
      url: books.order(transaction.reference).notify,
      headers: { 'content-type': 'application/json; charset=UTF-8' },
      body: JSON.stringify(signed(transaction, options)),
    }),
    // MoMo wants 204 (IPN, "HTTP status code 204").
    acknowledged: ({ status }) => status === 204,
    returned(transaction) {
      const { return_url } = books.order(transaction.reference);
      return `${return_url}${return_url.includes('?') ? '&' : '?'}${new URLSearchParams(signed(transaction))}`;
    },
  };
}
