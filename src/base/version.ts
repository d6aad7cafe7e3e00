/** The version of this program: results of another one may differ, so files say which made them. A test holds it against package.json. */
export const packageVersion = '0.3.0'
