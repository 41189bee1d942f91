/** Maximum nesting of JSON: far more than any object needs, far less than a recursive walk can take. */
export const maxDepth = 500;
