// The payment platform of the National Public Service Portal, 1.0.6, by node's crypto over the strings of a public client:
// MaXacThuc is SHA-256 of the values and the secret, joined with `|`.
import { createHash } from 'node:crypto';
import { compact, instant, json } from './wire.mjs';

const INIT = 'LoaiBanTin|PhienBan|MaDoiTac|MaThamChieu|SoTien|LoaiHinhThanhToan|MaKenhThanhToan|MaThietBi|NgonNgu|MaTienTe|MaNganHang|ThongTinGiaoDich|ThoiGianGD|Ip'.split('|');
const QUERY = 'LoaiBanTin|PhienBan|MaDoiTac|MaThamChieu|ThoiGianGD'.split('|');
const CONFIRM = 'LoaiBanTin|MaLoi|MaDoiTac|MaThamChieu|SoTien|MaTienTe|MaGiaoDich|MaNganHang|ThoiGianGD|ThongTinGiaoDich'.split('|');
const STATE = { captured: '1', pending: '3', failed: '4' };

export function platform(config, books) {
  const code = (names, values, secret = config.secret) =>
    createHash('sha256').update([...names.map((name) => values[name] ?? ''), secret].join('|')).digest('hex');

  function wrong(names, body, message) {
    if (body.MaXacThuc?.toLowerCase() !== code(names, body)) return 'MaXacThuc';
    if (body.LoaiBanTin !== message || body.PhienBan !== '1.0.6') return 'LoaiBanTin, PhienBan';
    if (body.MaDoiTac !== config.partner_code) return 'MaDoiTac';
    return instant(body.ThoiGianGD) === undefined ? 'ThoiGianGD' : undefined;
  }

  function init(body) {
    const receipt = body.ThongTinBienLai ?? {};
    const why =
      wrong(INIT, body, 'INIT') ??
      (/^[1-9]\d*$/.test(String(body.SoTien)) && body.MaTienTe === 'VND' ? undefined : 'SoTien') ??
      (receipt.TKThuHuong && receipt.MaNHThuHuong && receipt.TenTKThuHuong ? undefined : 'ThongTinBienLai');
    if (why !== undefined) {
      books.refuse('pay', why);
      return json(200, { error_code: '97', message: why });
    }
    const order = { reference: body.MaThamChieu, amount: Number(body.SoTien), date: body.ThoiGianGD, account: receipt.TKThuHuong };
    const known = books.known(order.reference);
    if (known !== undefined && (known.amount !== order.amount || known.date !== order.date)) {
      books.refuse('pay', 'the reference exists with other values');
      return json(200, { error_code: '01', message: 'MaThamChieu' });
    }
    books.add(order);
    const UrlThanhToan = `${config.pay_url ?? 'https://platform.example'}/pay/${order.reference}`;
    return json(200, { error_code: '0', message: JSON.stringify({ MaLoi: '00', MaThamChieu: order.reference, UrlThanhToan }) });
  }

  function query(body) {
    const why = wrong(QUERY, body, 'QUERY');
    if (why !== undefined) {
      books.refuse('query', why);
      return json(200, { MaLoi: '97', MoTaLoi: why, MaDoiTac: config.partner_code, MaThamChieu: body.MaThamChieu });
    }
    const order = books.known(body.MaThamChieu);
    const common = { MaDoiTac: config.partner_code, MaThamChieu: body.MaThamChieu, MaTienTe: 'VND' };
    if (order === undefined || order.date !== body.ThoiGianGD) return json(200, { ...common, MaLoi: '01', MoTaLoi: 'không tìm thấy' });
    const payment = books.payment(body.MaThamChieu);
    if (payment === undefined) return json(200, { ...common, MaLoi: '00', TrangThaiGD: '3' });
    return json(200, {
      ...common,
      MaLoi: '00',
      TrangThaiGD: STATE[payment.outcome],
      SoTien: String(payment.amount),
      MaGiaoDich: payment.transaction,
      ThoiGianGD: compact(new Date(payment.paid_at)),
    });
  }

  function confirm(transaction, { wrong_secret, changed_amount } = {}) {
    const body = {
      LoaiBanTin: 'CONFIRM',
      MaLoi: transaction.outcome === 'captured' ? '00' : '02',
      MaDoiTac: config.partner_code,
      MaThamChieu: transaction.reference,
      SoTien: String(changed_amount ?? transaction.amount),
      MaTienTe: 'VND',
      MaGiaoDich: transaction.transaction,
      MaNganHang: 'VCB',
      ThoiGianGD: compact(new Date(transaction.paid_at)),
      ThongTinGiaoDich: 'Lệ phí',
    };
    return { ...body, MaXacThuc: code(CONFIRM, body, wrong_secret ? 'somebody-else' : config.secret) };
  }

  const calls = { '/init': ['pay', init], '/query': ['query', query] };
  return {
    route(method, url, text) {
      const [name, handle] = calls[url.pathname] ?? [];
      return method === 'POST' && name !== undefined ? { name, handle: async () => handle(JSON.parse(text)) } : undefined;
    },
    report: (transaction, options) => ({
      method: 'POST',
      url: config.notify,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(confirm(transaction, options)),
    }),
    acknowledged: ({ status, body }) => status === 200 && JSON.parse(body).MaLoi === '00',
    returned: () => {
      throw new Error('the platform sends nobody back with a signature');
    },
  };
}
