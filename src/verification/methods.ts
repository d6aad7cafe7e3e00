/** What a certification may be asked to do. */

/** The ladder, in the order in which its steps are tried. */
export const certifyMethods = ['clean', 'pgd', 'interval', 'lp', 'crown', 'alpha', 'complete'] as const
export type CertifyMethod = (typeof certifyMethods)[number]
