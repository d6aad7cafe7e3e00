/** What a certification may be asked to do. */

/** The ladder. PGD, whose errors are listed beside the clean ones, is tried where LP bounds leave an image open. */
export const certifyMethods = ['clean', 'pgd', 'interval', 'lp', 'crown', 'alpha', 'complete'] as const
export type CertifyMethod = (typeof certifyMethods)[number]
