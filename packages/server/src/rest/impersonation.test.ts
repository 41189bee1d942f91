import { describe, expect, it } from 'vitest';
import { impersonation } from './impersonation.ts';

describe('impersonation', () => {
  it('no user is impersonated without headers', () => {
    expect(impersonation({ accept: ['*/*'] })).toBeUndefined();
  });

  it('reads user, groups, UID and extras; keys of extras are percent-decoded', () => {
    expect(
      impersonation({
        'impersonate-user': ['jane'],
        'impersonate-group': ['a', 'b'],
        'impersonate-uid': ['7'],
        'impersonate-extra-acme.com%2fproject': ['x', 'y'],
      }),
    ).toEqual({ username: 'jane', groups: ['a', 'b'], uid: '7', extra: { 'acme.com/project': ['x', 'y'] } });
  });

  it('refuses groups without a user', () => {
    expect(() => impersonation({ 'impersonate-group': ['a'] })).toThrow('without impersonating a user');
  });
});
