/** A view of an answer that can be read without using it up; copied only when it is read. */
export function readableAnswer(answer: Response): Response {
  return new Proxy(answer, {
    get(target, name) {
      const read = name === "body" ? target.clone() : target;
      const value: unknown = Reflect.get(read, name, read);
      if (typeof value !== "function") return value;
      return (...given: unknown[]): unknown => Reflect.apply(value, name === "clone" ? target : target.clone(), given);
    },
  });
}
