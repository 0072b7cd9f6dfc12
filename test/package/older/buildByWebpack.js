// As create-react-app 4 did it: what stands in node_modules goes through Babel as well, since webpack 4 reads nothing newer than
// itself. Run in the folder of an app: webpack 4 patches Node, which is not for the process of the tests.
const webpack = require("webpack");

const presets = [[require.resolve("@babel/preset-env"), { targets: { chrome: "70" } }]];
const rule = {
  test: /\.m?js$/,
  type: "javascript/auto",
  loader: require.resolve("babel-loader"),
  options: { babelrc: false, configFile: false, compact: false, sourceType: "unambiguous", presets },
};

webpack(
  {
    mode: "production",
    context: process.cwd(),
    entry: "./main.js",
    output: { path: `${process.cwd()}/webpack4`, filename: "main.js" },
    optimization: { minimize: false },
    performance: false,
    module: { rules: [rule] },
  },
  (error, stats) => {
    if (!error && !stats.hasErrors() && !stats.hasWarnings()) return;
    console.error(error ?? stats.toString("errors-warnings"));
    process.exitCode = 1;
  },
);
