import { Injectable } from '@nestjs/common'

/** Stands for what sends mail in your application. */
@Injectable()
export class Mailer {
  async send(to: string, subject: string): Promise<void> {
    console.log(`mail to ${to}: ${subject}`)
  }
}
