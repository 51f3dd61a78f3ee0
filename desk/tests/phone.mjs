// The pages of officers and representatives on a phone in Vietnamese, and in dark colours.
import { test } from 'node:test';
import { enter, go, heading, inspect, open, PHONE } from './harness.mjs';

const PAGES = [
  [/Tuấn/, '#/money', 'Thu tiền', 'money'],
  [/Tuấn/, '#/money/orders', 'Lệnh nộp chung', 'orders'],
  [/Lan/, '#/parcels', 'Bưu gửi', 'parcels'],
  [/Lan/, '#/dossiers', 'Hồ sơ', 'search'],
  [/Lan/, '#/mandates', 'Ủy quyền', 'mandates'],
  [/Sao Mai/, '#/my-complaints', 'Phản ánh của tôi', 'my-complaints'],
  [/Yến/, '#/complaints', 'Phản ánh', 'complaints'],
];

for (const colors of ['light', 'dark']) {
  test(`pages of officers and representatives fit a phone in Vietnamese in ${colors} colours`, () =>
    open({ viewport: PHONE, colors, expected: [/401/] }, async (page) => {
      for (const [person, address, title, name] of PAGES) {
        await enter(page, person);
        await go(page, address);
        await heading(page, title);
        await page.locator('[role=status]').first().waitFor({ state: 'attached' });
        await inspect(page, colors === 'dark' ? `${name}-dark` : name);
      }
    }));
}
