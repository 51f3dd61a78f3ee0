// Other implementations of what partners sign: npm `vnpay`, `vietnam-qr-pay` and `promptparse`, and node's crypto over
// the strings of the public documents of MoMo and of the national platform's client. Reads a JSON array of requests from
// standard input, and writes the array of answers. The first argument is the folder of `node_modules`.
const { createRequire } = require('node:module');
const { createHash, createHmac } = require('node:crypto');
const packages = createRequire(`${process.argv[2]}/package.json`);
const { VNPay, buildPaymentUrlSearchParams, calculateSecureHash, ignoreLogger } = packages('vnpay');
const { QRPay } = packages('vietnam-qr-pay');
const promptparse = packages('promptparse');

const vnpay = ({ secret, merchant }) =>
  new VNPay({
    tmnCode: merchant,
    secureSecret: secret,
    vnpayHost: 'https://vnpay.example',
    queryDrAndRefundHost: 'https://vnpay.example',
    hashAlgorithm: 'SHA512',
    enableLog: false,
    loggerFn: ignoreLogger,
  });

const momo = (secret, order, values) =>
  createHmac('sha256', secret)
    .update(order.map((name) => `${name}=${values[name]}`).join('&'))
    .digest('hex');

// The request that a call sends, and what the package makes of the answer.
async function called(call, answer) {
  let sent;
  globalThis.fetch = async (url, options) => {
    sent = { url, method: options.method, body: JSON.parse(options.body) };
    return { ok: true, status: 200, json: async () => answer };
  };
  const result = await call();
  return { sent, verified: result.isVerified };
}

const answers = {
  'vnpay.pay': ({ config, data }) => vnpay(config).buildPaymentUrl(data),
  'vnpay.sign': ({ config, data }) => {
    const params = buildPaymentUrlSearchParams(data);
    const hash = calculateSecureHash({
      secureSecret: config.secret,
      data: params.toString(),
      hashAlgorithm: 'SHA512',
      bufferEncode: 'utf-8',
    });
    params.append('vnp_SecureHash', hash);
    return params.toString();
  },
  'vnpay.verify': ({ config, query }) => {
    const { isVerified, isSuccess, vnp_Amount } = vnpay(config).verifyIpnCall(Object.fromEntries(new URLSearchParams(query)));
    return { isVerified, isSuccess, vnp_Amount };
  },
  'vnpay.query': ({ config, data, answer }) => called(() => vnpay(config).queryDr(data), answer),
  'vnpay.refund': ({ config, data, answer }) => called(() => vnpay(config).refund(data), answer),
  'vnpay.pipe': ({ secret, values }) => createHmac('sha512', secret).update(values.join('|')).digest('hex'),
  'momo.sign': ({ secret, order, values }) => momo(secret, order, values),
  'platform.sign': ({ secret, values }) => createHash('sha256').update([...values, secret].join('|')).digest('hex'),
  'hmac.sign': ({ secret, text, algorithm, encoding }) => createHmac(algorithm, secret).update(text).digest(encoding),
  'vietqr.build': ({ bank, number, amount, memo }) =>
    QRPay.initVietQR({ bankBin: bank, bankNumber: number, amount: String(amount), purpose: memo }).build(),
  'vietqr.read': ({ text }) => {
    const code = new QRPay(text);
    const strict = promptparse.parse(text, true, true);
    return {
      valid: code.isValid,
      bank: code.consumer.bankBin,
      number: code.consumer.bankNumber,
      amount: code.amount,
      memo: code.additionalData.purpose,
      service: code.provider.service,
      strict: strict === null ? null : [strict.getTagValue('54'), strict.getTagValue('62', '08'), strict.getTagValue('58')],
    };
  },
};

let text = '';
process.stdin.on('data', (part) => (text += part));
process.stdin.on('end', async () => {
  const results = [];
  for (const [name, request] of JSON.parse(text)) results.push(await answers[name](request));
  process.stdout.write(JSON.stringify(results));
});
