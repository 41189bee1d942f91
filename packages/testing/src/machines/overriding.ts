/** An object that does some things in its own way and leaves the others to the one beneath, whatever class that is of. */
export function overriding<T extends object>(beneath: T, own: Partial<T>): T {
  return new Proxy(beneath, {
    get: (target, name) => {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
