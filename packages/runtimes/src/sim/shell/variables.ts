/** A shell variable. Arrays are maps from subscript to value. */
export interface Variable {
  value: string | Map<string, string> | undefined;
  /** Subscripts are texts, not numbers (`declare -A`). */
  associative?: boolean;
  exported?: boolean;
  readonly?: boolean;
  /** Assigned values are arithmetic (`declare -i`). */
  integer?: boolean;
}

/** Assignment to something that must not change. */
export class ReadonlyError extends Error {
  override readonly name = 'ReadonlyError';
  readonly variable: string;

  constructor(variable: string) {
    super(`${variable}: is read only`);
    this.variable = variable;
  }
}

/** The variables of one shell, with the local ones of its functions on top. */
export class Variables {
  readonly #global: Map<string, Variable>;
  readonly #locals: Map<string, Variable | undefined>[] = [];

  #size = 0;

  constructor(variables: Map<string, Variable> = new Map()) {
    this.#global = variables;
    this.#size = variables.size * perValue;
  }

  /** Bytes that they hold. A subshell shares the values of its parent. */
  get size(): number {
    return this.#size;
  }

  /** A copy for a subshell. */
  copy(): Variables {
    const copies = new Map<string, Variable>();
    for (const [name, variable] of this.#global) {
      const { value } = variable;
      copies.set(name, { ...variable, value: value instanceof Map ? new Map(value) : value });
    }
    return new Variables(copies);
  }

  find(name: string): Variable | undefined {
    return this.#global.get(name);
  }

  /** Returns the variable, creating it if needed. */
  of(name: string): Variable {
    let variable = this.#global.get(name);
    if (variable === undefined) {
      variable = { value: undefined };
      this.#global.set(name, variable);
      this.#size += perValue;
    }
    return variable;
  }

  /** The value; element 0 of an array. */
  get(name: string, index?: string): string | undefined {
    const value = this.#global.get(name)?.value;
    if (value instanceof Map) return value.get(index ?? '0');
    return index === undefined || index === '0' ? value : undefined;
  }

  /** All elements, in order; a plain variable has one. */
  elements(name: string): readonly (readonly [string, string])[] {
    const variable = this.#global.get(name);
    const value = variable?.value;
    if (value === undefined) return [];
    if (typeof value === 'string') return [['0', value]];
    return variable?.associative ? [...value] : [...value].sort(([one], [other]) => Number(one) - Number(other));
  }

  /** @throws ReadonlyError */
  set(name: string, value: string, index?: string): void {
    const variable = this.of(name);
    if (variable.readonly) throw new ReadonlyError(name);
    if (variable.value instanceof Map) {
      const before = variable.value.get(index ?? '0');
      this.#size += value.length - (before?.length ?? -perValue);
      variable.value.set(index ?? '0', value);
    } else if (index === undefined) {
      this.#size += value.length - (variable.value?.length ?? 0);
      variable.value = value;
    } else {
      const elements = new Map<string, string>();
      if (variable.value !== undefined) elements.set('0', variable.value);
      variable.value = elements.set(index, value);
      this.#size += value.length + perValue;
    }
  }

  /** @throws ReadonlyError */
  setElements(name: string, elements: Map<string, string>): void {
    const variable = this.of(name);
    if (variable.readonly) throw new ReadonlyError(name);
    this.#size += sizeOf(elements) - sizeOf(variable.value);
    variable.value = elements;
  }

  /** @throws ReadonlyError */
  unset(name: string, index?: string): void {
    const variable = this.#global.get(name);
    if (variable === undefined) return;
    if (variable.readonly) throw new ReadonlyError(name);
    if (index !== undefined && variable.value instanceof Map) {
      const element = variable.value.get(index);
      if (element !== undefined) this.#size -= element.length + perValue;
      variable.value.delete(index);
      return;
    }
    this.#size -= sizeOf(variable.value);
    this.#global.delete(name);
  }

  names(): readonly string[] {
    return [...this.#global.keys()].sort();
  }

  enterFunction(): void {
    this.#locals.push(new Map());
  }

  leaveFunction(): void {
    const shadowed = this.#locals.pop();
    if (shadowed === undefined) return;
    for (const [name, variable] of shadowed) {
      // The shadowed one has been counted all the time.
      const local = this.#global.get(name);
      if (local !== undefined) this.#size -= sizeOf(local.value);
      if (variable === undefined) this.#global.delete(name);
      else this.#global.set(name, variable);
    }
  }

  /** Puts back a variable as it was; undefined: there was none. */
  restore(name: string, variable: Variable | undefined): void {
    const current = this.#global.get(name);
    if (current !== undefined) this.#size -= sizeOf(current.value);
    if (variable === undefined) this.#global.delete(name);
    else {
      this.#global.set(name, variable);
      this.#size += sizeOf(variable.value);
    }
  }

  /** Makes a name local to the running function; false outside of one. */
  local(name: string): boolean {
    const shadowed = this.#locals[this.#locals.length - 1];
    if (shadowed === undefined) return false;
    if (shadowed.has(name)) return true;
    const outer = this.#global.get(name);
    shadowed.set(name, outer);
    this.#size += perValue;
    this.#global.set(name, { value: undefined, ...(outer?.exported ? { exported: true } : {}) });
    return true;
  }

  /** What child processes get. */
  environment(): Map<string, string> {
    const environment = new Map<string, string>();
    for (const [name, { value, exported }] of this.#global) {
      if (exported && typeof value === 'string') environment.set(name, value);
    }
    return environment;
  }
}

/** What a variable or an element costs beside its value. */
const perValue = 64;

function sizeOf(value: Variable['value']): number {
  if (value === undefined) return perValue;
  if (typeof value === 'string') return value.length + perValue;
  let size = perValue;
  for (const element of value.values()) size += element.length + perValue;
  return size;
}
