import { describe, expect, it } from 'vitest';
import { judgePassword, passwordUnits } from './passwordGuess';

describe('the meter of passwords', () => {
  const modern = { least: 12, kinds: 0 };
  it('refuses what the keeper refuses', () => {
    for (const weak of [
      'password1234',
      'P@ssw0rd2024!',
      'qwertyuiop12',
      'aaaaaaaaaaaa',
      'abcabcabcabc',
      'Kedun-Admin-1',
      '1qaz2wsx3edc4r',
    ])
      expect(judgePassword(weak, modern), weak).toEqual({ why: 'guessable', level: 0 });
  });
  it('lets through what it lets through', () => {
    for (const fine of [
      'correct horse battery',
      'a fresh long password',
      'rQ7#kd0Lm2vT',
      'tumble-orchid-46-vex',
    ])
      expect(judgePassword(fine, modern).level, fine).toBeGreaterThan(0);
  });
  it('says why, and knows the person and the profile', () => {
    expect(judgePassword('tumble-vex', modern).why).toBe('short');
    expect(judgePassword('tumble-orchid', { least: 10, kinds: 3 }).why).toBe('kinds');
    expect(passwordUnits('wangfang-2024', ['wangfang'])).toBe(3);
  });
});
