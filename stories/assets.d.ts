/** The address of a script that is built on its own, with all that it imports. */
declare module "*?worker&url" {
  const url: string;
  export default url;
}

/** A style sheet as text. */
declare module "*.css?inline" {
  const styles: string;
  export default styles;
}
