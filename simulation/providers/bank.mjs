// A bank that makes statements of its accounts: CSV with the columns of a bank in Vietnam, and camt.053 of ISO 20022.
const local = (text) => new Date(Date.parse(text) + 7 * 3_600_000).toISOString();
const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);

export function bank(config, books) {
  const lines = [];

  // Money in (`amount` > 0) or out; `reversal` of a line that was wrong.
  function transfer({ amount, memo, account = config.account, at = new Date().toISOString(), reversal = false }) {
    const order = books.add({ reference: memo, amount, account });
    const kind = amount > 0 ? 'captured' : 'debited';
    const { transaction } = books.paid(order, Math.abs(amount), reversal ? 'reversed' : kind, new Date(at));
    const line = { event: `FT${transaction}`, account, amount, memo, at, reversal };
    lines.push(line);
    return line;
  }

  // The bank takes back a credit: a debit with the reversal indicator of ISO 20022 (`RvslInd`) and the memo of the credit.
  function reverse({ event, at }) {
    const credit = lines.find((line) => line.event === event);
    if (credit === undefined || credit.amount <= 0) throw new Error(`no credit ${event}`);
    const { amount, memo, account } = credit;
    return transfer({ amount: -amount, memo, account, at, reversal: true });
  }

  function csv(of) {
    const grouped = (amount) => String(amount).replace(/\B(?=(\d{3})+$)/g, ',');
    const rows = of.map(({ account, event, amount, memo, at }) => {
      const time = local(at);
      const booked = `${time.slice(8, 10)}/${time.slice(5, 7)}/${time.slice(0, 4)} ${time.slice(11, 19)}`;
      const [credit, debit] = amount > 0 ? [grouped(amount), ''] : ['', grouped(-amount)];
      return [booked, event, account, debit, credit, memo].map(quoted).join(',');
    });
    const head = ['SAO KÊ TÀI KHOẢN', '', 'Ngày giao dịch,Số bút toán,Số tài khoản,Ghi nợ,Ghi có,Nội dung'];
    return `\uFEFF${[...head, ...rows, 'Tổng cộng,,,,,'].join('\r\n')}\r\n`;
  }

  function entry({ event, amount, memo, at, reversal }) {
    const direction = amount > 0 ? 'CRDT' : 'DBIT';
    const booked = `${local(at).slice(0, 19)}+07:00`;
    return (
      `<Ntry><NtryRef>${event}</NtryRef><Amt Ccy="VND">${Math.abs(amount)}</Amt><CdtDbtInd>${direction}</CdtDbtInd>` +
      `${reversal ? '<RvslInd>true</RvslInd>' : ''}<Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>${booked}</DtTm></BookgDt>` +
      `<ValDt><Dt>${booked.slice(0, 10)}</Dt></ValDt><AcctSvcrRef>${event}</AcctSvcrRef>` +
      `<BkTxCd><Prtry><Cd>NTRF</Cd></Prtry></BkTxCd>` +
      `<NtryDtls><TxDtls><RmtInf><Ustrd>${escaped(memo)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>`
    );
  }

  function camt(of, account) {
    const sum = of.reduce((total, { amount }) => total + amount, 0);
    const at = local(new Date().toISOString()).slice(0, 19);
    return (
      `<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>` +
      `<GrpHdr><MsgId>M1</MsgId><CreDtTm>${at}</CreDtTm></GrpHdr><Stmt><Id>S1</Id><ElctrncSeqNb>1</ElctrncSeqNb>` +
      `<CreDtTm>${at}</CreDtTm><Acct><Id><Othr><Id>${account}</Id></Othr></Id><Ccy>VND</Ccy></Acct>` +
      `<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="VND">${Math.abs(sum)}</Amt>` +
      `<CdtDbtInd>${sum < 0 ? 'DBIT' : 'CRDT'}</CdtDbtInd><Dt><Dt>${at.slice(0, 10)}</Dt></Dt></Bal>` +
      `${of.map(entry).join('')}</Stmt></BkToCstmrStmt></Document>`
    );
  }

  return {
    transfer,
    reverse,
    statement({ format = 'csv', account = config.account }) {
      const of = lines.filter((line) => line.account === account);
      return format === 'csv' ? csv(of) : camt(of, account);
    },
  };
}
