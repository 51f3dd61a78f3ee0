// What a partner knows: orders, payments, reports and their answers, refunds, and what it refused. Nothing is taken from
// what the merchant believes.
export class Books {
  #orders = new Map();
  #transactions = [];
  #refunds = [];
  #sent = {};
  #calls = {};
  #refused = [];
  #defects = [];
  #last = 14_000_000 + (process.pid % 10_000) * 100;

  // Numbers of transactions: digits only, as MoMo's must be.
  number() {
    this.#last += 1;
    return String(this.#last);
  }

  // An order; one that exists is not changed.
  add(order) {
    const known = this.#orders.get(order.reference);
    if (known !== undefined) return known;
    this.#orders.set(order.reference, order);
    return order;
  }

  known(reference) {
    return this.#orders.get(reference);
  }

  order(reference) {
    const order = this.#orders.get(reference);
    if (order === undefined) throw new Error(`no order ${reference}`);
    return order;
  }

  paid(order, amount, outcome, at) {
    const transaction = {
      transaction: this.number(),
      reference: order.reference,
      amount,
      outcome,
      paid_at: at.toISOString(),
      refunded: 0,
      reports: [],
      acknowledged: false,
    };
    this.#transactions.push(transaction);
    return transaction;
  }

  transaction(number) {
    const found = this.#transactions.find((one) => one.transaction === number);
    if (found === undefined) throw new Error(`no transaction ${number}`);
    return found;
  }

  // The payment of an order about which a query is answered: money, if there is any.
  payment(reference, number) {
    const of = this.#transactions.filter((one) => one.reference === reference);
    const numbered = of.find((one) => one.transaction === number);
    return numbered ?? of.find((one) => one.outcome === 'captured') ?? of.at(-1);
  }

  reported(transaction, reply, acknowledged) {
    transaction.reports.push({ status: reply.status ?? null, error: reply.error ?? null, acknowledged });
    transaction.acknowledged ||= acknowledged;
  }

  unacknowledged() {
    return this.#transactions.filter((one) => !one.acknowledged);
  }

  // A refund, once for each request.
  refund(transaction, { request, reference, amount, outcome }) {
    const refund = {
      refund: this.number(),
      transaction: transaction.transaction,
      reference,
      request,
      amount,
      outcome,
      at: new Date().toISOString(),
    };
    this.#refunds.push(refund);
    if (outcome !== 'failed') transaction.refunded += amount;
    return refund;
  }

  // A request for a refund arrived, with this id of it, whether it has an effect or not.
  sent(id) {
    this.#sent[id] = (this.#sent[id] ?? 0) + 1;
  }

  refunded(find) {
    return this.#refunds.find(find);
  }

  newest_refund(find) {
    return this.#refunds.findLast(find);
  }

  settle_refunds(outcome) {
    const settled = this.#refunds.filter((one) => one.outcome === 'pending');
    for (const refund of settled) {
      refund.outcome = outcome;
      if (outcome === 'failed') this.transaction(refund.transaction).refunded -= refund.amount;
    }
    return settled;
  }

  count(name, fault) {
    const count = (this.#calls[name] ??= { calls: 0, faults: {} });
    count.calls += 1;
    if (fault !== undefined) count.faults[fault] = (count.faults[fault] ?? 0) + 1;
  }

  refuse(what, why) {
    this.#refused.push({ what, why });
  }

  // An error of the simulator itself.
  defect(text) {
    this.#defects.push(text);
  }

  all() {
    return {
      orders: [...this.#orders.values()],
      transactions: this.#transactions,
      refunds: this.#refunds,
      sent: this.#sent,
      calls: this.#calls,
      refused: this.#refused,
      defects: this.#defects,
    };
  }
}
