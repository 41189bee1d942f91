/** Returns an object with some members overridden; all others are delegated to the original, whatever its class. */
export function overriding<T extends object>(beneath: T, own: Partial<T>): T {
  return new Proxy(beneath, {
    get: (target, name) => {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
