// Values of one person, drawn so that no chance finds them elsewhere: at least eight bytes each.
import { randomInt } from 'node:crypto';
import { bankCard, residentId } from '../api/people.mjs';

const common = '伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红鑫波斌宇浩凯健俊帆雪荣晨辰瑜琳璐';
const surnames = ['欧阳', '上官', '司马', '诸葛', '慕容', '令狐', '皇甫', '尉迟', '公孙', '宇文'];
const letters = (n) => Array.from({ length: n }, () => 'abcdefghijklmnopqrstuvwxyz'[randomInt(26)]).join('');
const characters = (n) => Array.from({ length: n }, () => common[randomInt(common.length)]).join('');

export function values() {
  const digits = String(randomInt(1e8)).padStart(8, '0');
  return {
    person: surnames[randomInt(surnames.length)] + characters(4),
    mobile: `139${digits}`,
    phone: `0571-8${String(randomInt(1e7)).padStart(7, '0')}`,
    mail: `${letters(9)}@${letters(7)}.example.cn`,
    resident: residentId(randomInt(1e7)),
    card: bankCard(randomInt(1e11)),
    address: `浙江省杭州市${characters(3)}路${randomInt(1, 9999)}号${characters(4)}苑${randomInt(1, 99)}幢`,
    remark: `${characters(6)}${digits}${letters(6)}`,
  };
}
